/*
 * classify/text: start lines of HTTP/1.x and SSDP.
 * SPDX-License-Identifier: MIT
 * RFC 9112 sections 3 and 4; UPnP Device Architecture 1.1 section 1.
 */
#include "base/cursor.h"
#include "signature.h"

#define METHOD_MAX  32
#define UNKNOWN_MAX 256 /* so much of a line of an unknown method is waited for */

static const char *const methods[] = {
    "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PROPFIND",
};

static struct slice skip_line_ends(struct slice s)
{
    while (slice_starts(s, "\r") || slice_starts(s, "\n"))
        s = slice_sub(s, 1, s.len);
    return s;
}

static bool is_letter(uint8_t c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool is_token(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || (c != 0 && strchr("!#$%&'*+-.^_`|~", c));
}

/* Length of the method at the front; more than METHOD_MAX when it is none. */
static size_t method_length(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    size_t n = 0;
    while (cur_left(&c) > 0 && n <= METHOD_MAX) {
        uint8_t byte = cur_u8(&c);
        if (n == 0 && !is_letter(byte))
            return METHOD_MAX + 1;
        if (!is_token(byte))
            break;
        n++;
    }
    return n;
}

static bool is_known_method(struct slice method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (slice_eq(method, slice_str(methods[i])))
            return true;
    }
    return false;
}

/* "HTTP/1." and a digit at the end of a line without its end. */
static bool ends_in_version(struct slice line)
{
    line = slice_trim(line);
    if (line.len < 9)
        return false;
    struct slice version = slice_sub(line, line.len - 8, 8);
    struct slice before = slice_sub(line, line.len - 9, 1);
    return slice_starts(version, "HTTP/1.") && slice_trim(before).len == 0;
}

/* The beginning of a request line whose end is not there yet. */
static enum match partial_request(struct slice s, size_t method)
{
    struct slice target = slice_sub(s, method + 1, s.len);
    if (target.len == 0)
        return MATCH_MAYBE;
    if (!is_known_method(slice_sub(s, 0, method)))
        return s.len < UNKNOWN_MAX ? MATCH_MAYBE : MATCH_NO;
    bool plain = slice_starts(target, "/") || slice_starts_nocase(target, "http://") ||
                 slice_starts(s, "CONNECT ");
    if (plain)
        return MATCH_CLIENT;
    return s.len < UNKNOWN_MAX ? MATCH_MAYBE : MATCH_NO;
}

static enum match request_signature(struct slice s)
{
    size_t method = method_length(s);
    if (method > METHOD_MAX)
        return MATCH_NO;
    if (method == s.len)
        return MATCH_MAYBE;
    if (slice_trim(slice_sub(s, method, 1)).len > 0)
        return MATCH_NO;
    size_t end = slice_find(s, method, '\n');
    if (end == s.len)
        return partial_request(s, method);
    struct slice line = slice_sub(s, 0, end);
    if (end > 0 && slice_eq(slice_sub(line, end - 1, 1), slice_str("\r")))
        line = slice_sub(line, 0, end - 1);
    bool target = slice_trim(line).len > method + 2 + 8;
    return target && ends_in_version(line) ? MATCH_CLIENT : MATCH_NO;
}

static enum match response_signature(struct slice s)
{
    static const char pattern[] = "HTTP/1.d ddd";
    struct cursor c = cursor_of(s, VERDICT_SHORT);
    for (size_t i = 0; i < sizeof pattern - 1 && cur_left(&c) > 0; i++) {
        uint8_t byte = cur_u8(&c);
        bool fits = pattern[i] == 'd' ? byte >= '0' && byte <= '9' : byte == (uint8_t)pattern[i];
        if (!fits)
            return MATCH_NO;
    }
    return s.len >= sizeof pattern - 1 ? MATCH_SERVER : MATCH_MAYBE;
}

enum match http_signature(struct slice s)
{
    s = skip_line_ends(s);
    if (s.len == 0)
        return MATCH_MAYBE;
    enum match response = response_signature(s);
    return response == MATCH_NO ? request_signature(s) : response;
}

enum match ssdp_signature(struct slice s)
{
    if (slice_starts(s, "M-SEARCH * HTTP/1.") || slice_starts(s, "NOTIFY * HTTP/1."))
        return MATCH_CLIENT;
    return slice_starts(s, "HTTP/1.1 200") ? MATCH_SERVER : MATCH_NO;
}
