/*
 * tests/unit/proto/dhcp_made: DHCP messages made option by option.
 * SPDX-License-Identifier: MIT
 */
#ifndef DHCP_MADE_H
#define DHCP_MADE_H

#include "proto/dhcp.h"
#include "unit.h"

#define MESSAGE_MAX 1024
#define OPTIONS_AT  240

struct message {
    uint8_t bytes[MESSAGE_MAX];
    size_t len;
};

static inline void put_u32(uint8_t *out, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void option(struct message *m, uint8_t code, const void *value, size_t len)
{
    m->bytes[m->len++] = code;
    m->bytes[m->len++] = (uint8_t)len;
    memcpy(m->bytes + m->len, value, len);
    m->len += len;
}

static inline void option_u32(struct message *m, uint8_t code, uint32_t value)
{
    uint8_t bytes[4];
    put_u32(bytes, value);
    option(m, code, bytes, sizeof bytes);
}

static inline void option_text(struct message *m, uint8_t code, const char *text)
{
    option(m, code, text, strlen(text));
}

/* A message of 02:00:00:00:00:`device` without options but its type. */
static inline struct message message_of(enum dhcp_type type, uint32_t id, uint8_t device)
{
    struct message m = {.len = OPTIONS_AT};
    bool reply = type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK;
    m.bytes[0] = reply ? 2 : 1;
    m.bytes[1] = 1;
    m.bytes[2] = 6;
    put_u32(m.bytes + 4, id);
    m.bytes[28] = 2;
    m.bytes[33] = device;
    put_u32(m.bytes + 236, 0x63825363);
    option(&m, 53, &(uint8_t){(uint8_t)type}, 1);
    return m;
}

/* What servers of an office network give: 10.20.0.31 from 10.20.0.1. */
static inline struct message lease_of(enum dhcp_type type, uint32_t id, uint8_t device)
{
    static const uint8_t search[] = "\4corp\7contoso\3com\0\3lab\300\5";
    static const uint8_t routes[] = {24, 10, 9, 8, 10, 20, 0, 9, 0, 10, 20, 0, 1};
    struct message m = message_of(type, id, device);
    put_u32(m.bytes + 16, 0x0a14001f);
    option_u32(&m, 54, 0x0a140001);
    option_u32(&m, 51, 3600);
    option_u32(&m, 1, 0xffffff00);
    option_u32(&m, 3, 0x0a140001);
    option(&m, 6, (uint8_t[]){10, 20, 0, 1, 10, 20, 0, 2}, 8);
    option_u32(&m, 42, 0x0a140007);
    option_text(&m, 15, "corp.contoso.com");
    option(&m, 119, search, sizeof search - 1);
    option(&m, 121, routes, sizeof routes);
    option_text(&m, 114, "https://portal.contoso.com/api");
    option(&m, 252, "http://wpad/wpad.dat\n\0", 22);
    m.bytes[m.len++] = 255;
    return m;
}

static inline void assert_addr(const struct ip_addr *a, const char *text)
{
    char out[ADDR_TEXT_SIZE];
    assert_string_equal(addr_text(a, out), text);
}

#endif
