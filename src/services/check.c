/*
 * services/check: words, host patterns and ports of a list.
 * SPDX-License-Identifier: MIT
 */
#include "check.h"

#include <stdio.h>

#define PATTERN_MAX     253
#define LABEL_MAX       63
#define ID_MAX          64
#define GLOB_LITERALS   3
#define WORD_NEAR_MAX   32 /* longer words are not compared */
#define WORD_NEAR_EDITS 2

const char *const need_words[] = {
    [NEED_OPTIONAL] = "optional",
    [NEED_CONDITIONAL] = "conditional",
    [NEED_REQUIRED] = "required",
    NULL,
};

const char *const match_words[] = {
    [MATCH_EXACT] = "exact", [MATCH_SUFFIX] = "suffix", [MATCH_GLOB] = "glob",
    [MATCH_LABEL] = "label", [MATCH_PORT] = "port",     NULL,
};

const char *const transport_words[] = {
    [TRANSPORT_TCP] = "tcp",
    [TRANSPORT_UDP] = "udp",
    NULL,
};

const char *need_name(enum need need)
{
    return need_words[need];
}

const char *match_kind_name(enum match_kind kind)
{
    return match_words[kind];
}

const char *transport_name(enum transport transport)
{
    return transport_words[transport];
}

uint32_t word_find(const char *const *words, struct slice text)
{
    for (uint32_t i = 0; words[i]; i++) {
        if (slice_eq(slice_str(words[i]), text))
            return i;
    }
    return WORD_NONE;
}

/* How many characters must be put in, taken out or exchanged (Levenshtein). */
static uint32_t edits(struct slice a, struct slice b)
{
    uint8_t row[WORD_NEAR_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        uint8_t diagonal = row[0];
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            uint8_t best = (uint8_t)(diagonal + (a.data[i - 1] != b.data[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = (uint8_t)(row[j] + 1);
            if (row[j - 1] + 1 < best)
                best = (uint8_t)(row[j - 1] + 1);
            row[j] = best;
        }
    }
    return row[b.len];
}

const char *word_near(const char *const *words, struct slice text)
{
    const char *near = NULL;
    uint32_t least = WORD_NEAR_EDITS + 1;
    for (uint32_t i = 0; words[i] && text.len <= WORD_NEAR_MAX; i++) {
        struct slice word = slice_str(words[i]);
        uint32_t distance = word.len <= WORD_NEAR_MAX ? edits(text, word) : least;
        if (distance < least) {
            least = distance;
            near = words[i];
        }
    }
    return near;
}

const char *word_list(const char *const *words, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; words[i] && len < size; i++) {
        int wrote = snprintf(out + len, size - len, "%s%s", i ? ", " : "", words[i]);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    return out;
}

static bool lower_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool id_valid(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (!lower_or_digit(id.data[i]) && id.data[i] != '-')
            return false;
    }
    return id.len > 0 && id.len <= ID_MAX;
}

enum match_kind pattern_kind(struct slice pattern)
{
    size_t star = slice_find(pattern, 0, '*');
    if (star == pattern.len)
        return slice_find(pattern, 0, '.') < pattern.len ? MATCH_EXACT : MATCH_LABEL;
    bool only_first = slice_find(pattern, 1, '*') == pattern.len;
    return slice_starts(pattern, "*.") && only_first ? MATCH_SUFFIX : MATCH_GLOB;
}

static const char *labels_fault(struct slice text)
{
    size_t label = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '.') {
            if (label == 0)
                return "has an empty part between dots";
            label = 0;
            continue;
        }
        if (c == '/' || c == ':')
            return "must be a host name alone, without scheme, port or path";
        if (!lower_or_digit(c) && c != '-' && c != '_' && c != '*')
            return "may hold letters, digits, '-', '_', '.' and '*' only (others as punycode)";
        if (++label > LABEL_MAX)
            return "has a part of more than 63 characters";
    }
    return label == 0 ? "ends with a dot" : NULL;
}

static const char *glob_fault(struct slice pattern)
{
    size_t literals = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] == '*' && i > 0 && pattern.data[i - 1] == '*')
            return "has two '*' side by side";
        literals += lower_or_digit(pattern.data[i]);
    }
    return literals < GLOB_LITERALS ? "needs at least 3 letters or digits beside '*'" : NULL;
}

const char *pattern_fault(struct slice pattern, enum match_kind kind)
{
    if (pattern.len == 0)
        return "is empty";
    if (pattern.len > PATTERN_MAX)
        return "is longer than 253 characters";
    const char *fault = labels_fault(pattern);
    if (fault)
        return fault;
    enum match_kind is = pattern_kind(pattern);
    if (kind == MATCH_SUFFIX && is != MATCH_SUFFIX)
        return "must begin with \"*.\" and have no other '*' to match as a suffix";
    if (kind == MATCH_EXACT && is != MATCH_EXACT && is != MATCH_LABEL)
        return "must have no '*' to match exactly";
    if (kind == MATCH_LABEL && is != MATCH_LABEL)
        return "must have neither '*' nor '.' to match a single label";
    if (kind == MATCH_GLOB && is != MATCH_GLOB && is != MATCH_SUFFIX)
        return "must have a '*' to match as a glob";
    return kind == MATCH_GLOB ? glob_fault(pattern) : NULL;
}

static bool are(const uint16_t *ports, uint16_t count, uint16_t a, uint16_t b)
{
    bool only = count > 0;
    for (uint16_t i = 0; i < count; i++)
        only = only && (ports[i] == a || ports[i] == b);
    return only;
}

const char *port_protocol(enum transport transport, const uint16_t *ports, uint16_t count)
{
    static const struct {
        const char *protocol;
        enum transport transport;
        uint16_t a;
        uint16_t b;
    } known[] = {
        {"tls", TRANSPORT_TCP, 443, 443},  {"http", TRANSPORT_TCP, 80, 80},
        {"web", TRANSPORT_TCP, 443, 80},   {"dns", TRANSPORT_TCP, 53, 53},
        {"quic", TRANSPORT_UDP, 443, 443}, {"ntp", TRANSPORT_UDP, 123, 123},
        {"dns", TRANSPORT_UDP, 53, 53},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].transport == transport && are(ports, count, known[i].a, known[i].b))
            return known[i].protocol;
    }
    return "other";
}
