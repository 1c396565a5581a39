/*
 * report/json: JSON, member by member.
 * SPDX-License-Identifier: MIT
 *
 * A direct writer because events are on the packet path and a fleet's report has many megabytes: nothing is
 * kept but the text. On one line, or for people: each member on a line of its own, indented. Begin with
 * `struct json j = {.buf = b}`; the buffer may be emptied between members.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/escape.h"
#include "base/mark.h"
#include "net/addr.h"

struct json {
    struct buf *buf;
    bool indented;
    unsigned depth;          /* of open brackets */
    bool filled;             /* something was written behind the innermost one */
    struct time_memo *times; /* or NULL */
};

/* What comes before a member's value. */
void json_member(struct json *j, const char *key, size_t len);

/* Keys are our own: nothing in them needs escaping. A NULL key: an array's member, or the outermost value. */
static inline void json_key(struct json *j, const char *key)
{
    json_member(j, key, key ? strlen(key) : 0);
}

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

void json_slice(struct json *j, const char *key, struct slice value);
void json_text(struct json *j, const char *key, const char *value);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/* With 12 significant digits. */
void json_real(struct json *j, const char *key, double value);
/* Nanoseconds as milliseconds with three decimals. */
void json_ms(struct json *j, const char *key, int64_t ns);
void json_time(struct json *j, const char *key, int64_t ts_ns);
void json_addr(struct json *j, const char *key, const struct ip_addr *a);

/* The same, left out when empty. */
void json_slice_if(struct json *j, const char *key, struct slice value);
void json_text_if(struct json *j, const char *key, const char *value);
void json_addr_if(struct json *j, const char *key, const struct ip_addr *a);

#endif
