/*
 * report/json_line (private): one JSON object on a line, member by member.
 * SPDX-License-Identifier: MIT
 *
 * A direct writer because events are on the packet path. Commas are put before a member unless the
 * buffer ends in an opening bracket.
 */
#ifndef SRC_REPORT_JSON_LINE_H
#define SRC_REPORT_JSON_LINE_H

#include "base/escape.h"
#include "base/mark.h"
#include "net/addr.h"

/* Puts the comma, if one is due, and `"key":`. Keys are our own: nothing in them needs escaping. */
void line_key(struct buf *b, const char *key);
void line_open(struct buf *b, const char *key, char bracket); /* key NULL: an array's member */
void line_close(struct buf *b, char bracket);

void line_slice(struct buf *b, const char *key, struct slice value);
void line_text(struct buf *b, const char *key, const char *value);
void line_u64(struct buf *b, const char *key, uint64_t value);
void line_bool(struct buf *b, const char *key, bool value);
/* Nanoseconds as milliseconds with three decimals. */
void line_ms(struct buf *b, const char *key, int64_t ns);
void line_time(struct buf *b, const char *key, int64_t ts_ns);
void line_addr(struct buf *b, const char *key, const struct ip_addr *a);

/* The same, left out when empty. */
void line_slice_if(struct buf *b, const char *key, struct slice value);
void line_text_if(struct buf *b, const char *key, const char *value);

#endif
