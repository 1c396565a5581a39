/*
 * proto/dns: DNS messages, and questions with their replies.
 * SPDX-License-Identifier: MIT
 *
 * The parser reads one message without allocating: names and record data become text within the struct,
 * in lower case, without the trailing dot. The dissector pairs queries and replies of one flow, over UDP
 * or over TCP, by id, name and type. Only standard queries (opcode 0) are transactions.
 * RFC 1035, 2181, 3597 (unknown types), 6891 (EDNS), 7766 (TCP), 8914 (extended errors), 9460 (SVCB).
 */
#ifndef PROTO_DNS_H
#define PROTO_DNS_H

#include "base/cursor.h"
#include "proto/proto.h"

#define DNS_ANSWERS_MAX    64
#define DNS_RDATA_TEXT_MAX 1024
/* 255 bytes on the wire, each as \DDD at worst. */
#define DNS_NAME_TEXT_MAX 1020
#define DNS_TEXT_MAX      16384

/* Names that were decoded already, known by their place in the message: compression repeats them. */
#define DNS_NAME_CACHE 4
#define DNS_NAME_NONE  UINT16_MAX

struct dns_name_seen {
    struct slice text;
    uint16_t offset; /* DNS_NAME_NONE: unused; pointers have 14 bits, so none leads there */
};

/* Slices in it point into it: not to be copied. Big, and not zeroed: for the stack. */
struct dns_message {
    struct slice bytes;
    struct slice qname;
    struct slice soa;        /* owner of the SOA in the authority section; empty without */
    struct slice soa_server; /* its MNAME: who is primary for the zone */
    uint16_t id;
    uint16_t flags;
    uint16_t qtype;
    uint16_t qclass;
    uint16_t counts[4]; /* as announced: question, answer, authority, additional */
    int16_t rcode;      /* with EDNS extension */
    int16_t ede;        /* info code of the first extended error; -1 without */
    bool has_question;  /* qname, qtype and qclass of the first question are there */
    bool is_reply;
    bool truncated;
    bool authoritative;
    bool recursion_available;
    uint8_t opcode;
    uint8_t names_next;
    uint32_t answer_count; /* listed: DNS_ANSWERS_MAX at most */
    uint32_t text_len;
    struct cursor rest; /* behind what was read */
    struct dns_name_seen names[DNS_NAME_CACHE];
    struct dns_answer answers[DNS_ANSWERS_MAX];
    uint8_t text[DNS_TEXT_MAX];
};

/* Header and question. OK: all announced questions are there (has_question is false when none is). SHORT:
 * the bytes end before that. BAD: they contradict the protocol. The header's fields are set when there
 * are 12 bytes, the question's when has_question says so. `bytes` must outlive the message. */
enum verdict dns_parse_question(struct dns_message *m, struct slice bytes);

/* Answers, owner of the SOA, EDNS, after an OK dns_parse_question. Otherwise than OK, what was read up
 * to the bad place stays. */
enum verdict dns_parse_records(struct dns_message *m);

/* Both, for whoever wants a whole message. */
enum verdict dns_parse(struct dns_message *m, struct slice bytes);

#define DNS_MNEMONIC_SIZE 16

/* "A", "HTTPS", "TYPE1234"; "NXDOMAIN", "BADVERS", "RCODE12". Return a constant, or `out`. */
const char *dns_type_text(uint16_t type, char out[DNS_MNEMONIC_SIZE]);
const char *dns_rcode_text(int rcode, char out[DNS_MNEMONIC_SIZE]);

extern const struct proto_ops dns_ops;

#endif
