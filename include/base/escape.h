/*
 * base/escape: bytes from the network made safe to print.
 * SPDX-License-Identifier: MIT
 *
 * The only place that turns untrusted bytes into text. Valid UTF-8 stays; everything else, and every
 * control character, is escaped, so that a name in a packet can neither break a JSON document nor
 * steer a terminal.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

/* Appends `s` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; what escape_text does
 * not show stays, as \uNNNN: a document that is looked at is not turned round by a name in it. */
void escape_json(struct buf *b, struct slice s);

/* Appends `s` for a terminal or a log: control characters (C0, DEL, C1), bidirectional controls and
 * invalid bytes as \xNN. */
void escape_text(struct buf *b, struct slice s);

/* Length of the UTF-8 character that `s` begins with (1 to 4), 0 when it is not valid. RFC 3629. */
size_t utf8_length(struct slice s);

#endif
