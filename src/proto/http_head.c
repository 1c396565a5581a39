/*
 * proto/http_head: start lines and fields, tolerant as servers are.
 * SPDX-License-Identifier: MIT
 * RFC 9112 sections 2.2 (bare LF), 3 (request line), 4 (status line), 5 (fields); RFC 9110 section 5.6.7.
 */
#include "http_head.h"

#include "base/cursor.h"
#include "proto/http.h"

#define METHOD_MAX    32
#define TARGET_MAX    8192
#define VALUE_MAX     1024
#define VERSION_LEN   8 /* HTTP/1.1 */
#define CODING_FINAL  "chunked"
#define SECONDS_A_DAY 86400

/* ---- small text ---- */

static uint8_t byte_at(struct slice s, size_t i)
{
    struct cursor c = cursor_of(slice_sub(s, i, 1), VERDICT_BAD);
    return cur_u8(&c);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_letter(uint8_t c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_token(uint8_t c)
{
    return is_letter(c) || is_digit(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_length(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_BAD);
    size_t n = 0;
    while (cur_left(&c) > 0 && is_token(cur_u8(&c)))
        n++;
    return n;
}

/* The line that `s` begins with, without its end; `next` is where the following one begins. */
static struct slice line_at(struct slice s, size_t from, size_t *next)
{
    size_t end = slice_find(s, from, '\n');
    *next = end < s.len ? end + 1 : s.len;
    if (end > from && byte_at(s, end - 1) == '\r')
        end--;
    return slice_sub(s, from, end - from);
}

/* Digits at the front as a number; -1 without any. Saturates. */
static int64_t leading_number(struct slice s)
{
    struct cursor c = cursor_of(s, VERDICT_BAD);
    int64_t n = -1;
    while (cur_left(&c) > 0) {
        uint8_t digit = cur_u8(&c);
        if (!is_digit(digit))
            break;
        if (n < 0)
            n = 0;
        n = n > (INT64_MAX - 9) / 10 ? INT64_MAX : n * 10 + (digit - '0');
    }
    return n;
}

/* ---- start lines ---- */

static bool is_version(struct slice s)
{
    return s.len == VERSION_LEN && slice_starts(s, "HTTP/1.") && is_digit(byte_at(s, 7));
}

enum http_match http_request_line(struct slice bytes, struct http_head *head)
{
    size_t method = token_length(slice_sub(bytes, 0, METHOD_MAX + 1));
    if (method > METHOD_MAX || (bytes.len > 0 && !is_letter(byte_at(bytes, 0))))
        return HTTP_MATCH_NO;
    if (method == bytes.len)
        return HTTP_MATCH_PARTIAL;
    if (!is_blank(byte_at(bytes, method)))
        return HTTP_MATCH_NO;
    if (slice_find(bytes, method, '\n') == bytes.len)
        return HTTP_MATCH_PARTIAL;

    size_t next;
    struct slice line = slice_trim(line_at(bytes, 0, &next));
    if (line.len < method + 2 + VERSION_LEN)
        return HTTP_MATCH_NO;
    struct slice version = slice_sub(line, line.len - VERSION_LEN, VERSION_LEN);
    struct slice between = slice_sub(line, method, line.len - VERSION_LEN - method);
    if (!is_version(version) || !is_blank(byte_at(between, between.len - 1)))
        return HTTP_MATCH_NO;
    head->field[HTTP_METHOD] = slice_sub(line, 0, method);
    head->field[HTTP_TARGET] = slice_sub(slice_trim(between), 0, TARGET_MAX);
    head->field[HTTP_VERSION] = version;
    return HTTP_MATCH_YES;
}

enum http_match http_status_line(struct slice bytes, struct http_head *head)
{
    struct slice prefix = slice_str("HTTP/1.");
    size_t shown = bytes.len < prefix.len ? bytes.len : prefix.len;
    if (!slice_eq(slice_sub(bytes, 0, shown), slice_sub(prefix, 0, shown)))
        return HTTP_MATCH_NO;
    if (slice_find(bytes, 0, '\n') == bytes.len)
        return HTTP_MATCH_PARTIAL;

    size_t next;
    struct slice line = line_at(bytes, 0, &next);
    struct slice rest = slice_sub(line, VERSION_LEN, line.len);
    struct slice code = slice_trim(rest);
    if (!is_version(slice_sub(line, 0, VERSION_LEN)) || code.len == rest.len || code.len < 3)
        return HTTP_MATCH_NO;
    int64_t status = leading_number(slice_sub(code, 0, 3));
    if (status < 100 || (code.len > 3 && !is_blank(byte_at(code, 3))))
        return HTTP_MATCH_NO;
    head->status = (uint16_t)status;
    return HTTP_MATCH_YES;
}

/* ---- where a head ends ---- */

size_t http_head_length(struct slice bytes, uint32_t *scanned)
{
    size_t from = *scanned;
    while (from < bytes.len) {
        size_t next;
        struct slice line = line_at(bytes, from, &next);
        if (byte_at(bytes, next - 1) != '\n')
            break;
        if (line.len == 0)
            return next;
        from = next;
    }
    *scanned = (uint32_t)from; /* always at the beginning of a line */
    return 0;
}

/* ---- fields ---- */

enum special {
    SPECIAL_NONE,
    SPECIAL_LENGTH,
    SPECIAL_CODING,
    SPECIAL_DATE,
    SPECIAL_RANGE,
    SPECIAL_CONTENT_RANGE,
    SPECIAL_ACCEPT_RANGES,
    SPECIAL_ACCEPT_CODING,
    SPECIAL_CONTENT_CODING,
    SPECIAL_COOKIE,
};

static const struct known {
    const char *name;
    uint8_t len;
    uint8_t special; /* else `field` is the place of the text */
    uint8_t field;
} known[] = {
    {"host", 4, SPECIAL_NONE, HTTP_HOST},
    {"user-agent", 10, SPECIAL_NONE, HTTP_USER_AGENT},
    {"location", 8, SPECIAL_NONE, HTTP_LOCATION},
    {"via", 3, SPECIAL_NONE, HTTP_VIA},
    {"server", 6, SPECIAL_NONE, HTTP_SERVER},
    {"proxy-authenticate", 18, SPECIAL_NONE, HTTP_PROXY_AUTHENTICATE},
    {"content-type", 12, SPECIAL_NONE, HTTP_CONTENT_TYPE},
    {"content-length", 14, SPECIAL_LENGTH, 0},
    {"transfer-encoding", 17, SPECIAL_CODING, 0},
    {"date", 4, SPECIAL_DATE, 0},
    {"range", 5, SPECIAL_RANGE, 0},
    {"content-range", 13, SPECIAL_CONTENT_RANGE, 0},
    {"accept-ranges", 13, SPECIAL_ACCEPT_RANGES, 0},
    {"accept-encoding", 15, SPECIAL_ACCEPT_CODING, 0},
    {"content-encoding", 16, SPECIAL_CONTENT_CODING, 0},
    {"set-cookie", 10, SPECIAL_COOKIE, 0},
    {"proxy-agent", 11, SPECIAL_NONE, HTTP_BOX},
    {"x-squid-error", 13, SPECIAL_NONE, HTTP_BOX},
    {"x-cache-lookup", 14, SPECIAL_NONE, HTTP_BOX},
    {"x-bluecoat-via", 14, SPECIAL_NONE, HTTP_BOX},
};

static const struct known *find_known(struct slice name)
{
    uint8_t first = name.len > 0 ? ascii_lower(name.data[0]) : 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].len == name.len && (uint8_t)known[i].name[0] == first &&
            slice_eq_nocase(name, slice_of(known[i].name, name.len)))
            return &known[i];
    }
    return NULL;
}

/* "bytes=0-499", "bytes 0-499/1234" (RFC 9110 section 14): the first range. */
static void note_range(struct http_head *head, struct slice value, uint8_t separator)
{
    size_t from = slice_find(value, 0, separator) + 1;
    size_t dash = slice_find(value, from, '-');
    head->range_from = leading_number(slice_sub(value, from, value.len));
    head->range_to = leading_number(slice_sub(value, dash + 1, value.len));
    if (head->range_from < 0)
        head->range_to = -1;
}

/* RFC 9110 section 8.4.1: "identity" stands for none. */
static bool is_coding(struct slice value)
{
    return !slice_starts_nocase(value, "identity");
}

/* Of a field that comes twice the first one counts. */
static void note_field(struct http_head *head, const struct known *k, struct slice value)
{
    switch ((enum special)k->special) {
    case SPECIAL_NONE:
        if (head->field[k->field].len == 0)
            head->field[k->field] = slice_sub(value, 0, VALUE_MAX);
        break;
    case SPECIAL_LENGTH:
        if (head->content_length < 0)
            head->content_length = leading_number(value);
        break;
    case SPECIAL_CODING:
        head->chunked |= slice_has_nocase(value, CODING_FINAL);
        break;
    case SPECIAL_DATE:
        if (head->date < 0)
            head->date = http_date(value);
        break;
    case SPECIAL_RANGE:
        head->range = true;
        note_range(head, value, '=');
        break;
    case SPECIAL_CONTENT_RANGE:
        note_range(head, value, ' ');
        break;
    case SPECIAL_ACCEPT_RANGES:
        head->no_ranges = slice_eq_nocase(value, slice_str("none"));
        break;
    case SPECIAL_ACCEPT_CODING:
        head->coded |= head->status == 0 && is_coding(value);
        break;
    case SPECIAL_CONTENT_CODING:
        head->coded |= head->status != 0 && is_coding(value);
        break;
    case SPECIAL_COOKIE:
        head->cookie = true;
        break;
    }
}

/* The host of an absolute form: what stands between "//" and the path, without user information. */
static struct slice authority_of(struct slice target)
{
    size_t scheme = slice_find(target, 0, ':');
    struct slice rest = slice_sub(target, scheme + 1, target.len);
    if (!slice_starts(rest, "//"))
        return slice_sub(target, target.len, 0);
    rest = slice_sub(rest, 2, rest.len);
    size_t end = slice_find(rest, 0, '/');
    size_t query = slice_find(rest, 0, '?');
    rest = slice_sub(rest, 0, query < end ? query : end);
    size_t at = slice_find(rest, 0, '@');
    return at < rest.len ? slice_sub(rest, at + 1, rest.len) : rest;
}

/* What the request is for: the target has the last word (RFC 9112 section 3.2). */
static void settle_host(struct http_head *head)
{
    struct slice target = head->field[HTTP_TARGET];
    head->host_field = head->field[HTTP_HOST];
    struct slice named = slice_sub(target, target.len, 0);
    if (slice_eq(head->field[HTTP_METHOD], slice_str("CONNECT")))
        named = target;
    else if (target.len > 0 && is_letter(byte_at(target, 0)))
        named = authority_of(target);
    head->to_proxy = named.len > 0;
    if (named.len > 0)
        head->field[HTTP_HOST] = slice_sub(named, 0, VALUE_MAX);
}

void http_head_fields(struct slice bytes, struct http_head *head)
{
    const struct known *open = NULL; /* its value may follow on a folded line */
    head->content_length = -1;
    head->date = -1;
    head->range_from = -1;
    head->range_to = -1;
    size_t next;
    line_at(bytes, 0, &next);
    for (size_t from = next; from < bytes.len; from = next) {
        struct slice line = line_at(bytes, from, &next);
        if (line.len == 0)
            break;
        struct slice value = line;
        if (!is_blank(byte_at(line, 0))) {
            size_t colon = slice_find(line, 0, ':');
            open = colon < line.len ? find_known(slice_trim(slice_sub(line, 0, colon))) : NULL;
            value = slice_sub(line, colon + 1, line.len);
        }
        value = slice_trim(value);
        if (open && value.len > 0) {
            note_field(head, open, value);
            open = NULL;
        }
    }
    if (head->status == 0)
        settle_host(head);
}

/* ---- dates ---- */

static int month_of(struct slice name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (slice_eq(name, slice_sub(slice_str(months), (size_t)i * 3, 3)))
            return i;
    }
    return -1;
}

/* Days from 1970-01-01; years begin in March so that the leap day comes last. */
static int64_t days_of(int64_t year, int month, int64_t day)
{
    int64_t y = month < 2 ? year - 1 : year;
    int64_t m = month < 2 ? month + 10 : month - 2;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

int64_t http_date(struct slice text)
{
    /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const uint8_t at[] = {5, 12, 17, 20, 23};
    static const uint8_t len[] = {2, 4, 2, 2, 2};
    static const int64_t max[] = {31, 9999, 23, 59, 60};
    int64_t part[5];
    if (text.len != 29 || !slice_eq(slice_sub(text, 25, 4), slice_str(" GMT")))
        return -1;
    for (size_t i = 0; i < 5; i++) {
        struct slice digits = slice_sub(text, at[i], len[i]);
        for (size_t k = 0; k < digits.len; k++) {
            if (!is_digit(byte_at(digits, k)))
                return -1;
        }
        part[i] = leading_number(digits);
        if (part[i] > max[i])
            return -1;
    }
    int month = month_of(slice_sub(text, 8, 3));
    if (month < 0 || part[0] < 1 || part[1] < 1970)
        return -1;
    return days_of(part[1], month, part[0]) * SECONDS_A_DAY + part[2] * 3600 + part[3] * 60 +
           part[4];
}

bool http_is_request(struct slice bytes)
{
    struct http_head head;
    return http_request_line(bytes, &head) == HTTP_MATCH_YES;
}

bool http_is_response(struct slice bytes)
{
    struct http_head head;
    return http_status_line(bytes, &head) == HTTP_MATCH_YES;
}
