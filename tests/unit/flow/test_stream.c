/*
 * tests/unit/flow/test_stream: runs the stream scripts in scripts/, one test a file.
 * SPDX-License-Identifier: MIT
 *
 * A script is lines; what the reader hears must be expected right after the line that causes it:
 *
 *     case TEXT               a new case
 *     new SEQ | midstream     its stream
 *     reader C S W            what the reader answers from now on: consumes C, skips S, wants W;
 *                             C or S can be "all" (S all: TAKE_REST)
 *     > SEQ BYTES [syn] [cut N]   a segment; BYTES is "text" or *COUNT; N more bytes were announced
 *     ! ACK                   the other side's acknowledgement
 *     + MS                    time passes
 *     fin | resume            stream_finish, stream_resume
 *     = data BYTES [FIRST AT] the reader was shown these; frames count `>`, `!`, `fin` and `resume`
 *     = gap N
 *     = stats BYTES GAP RETRANSMITTED
 *     = done
 */
#include <dirent.h>
#include <stdio.h>

#include "flow/stream.h"
#include "unit.h"

#define SCRIPTS    "tests/unit/flow/scripts"
#define FILES_MAX  64
#define EVENTS_MAX 64
#define BYTES_MAX  ((size_t)512 * 1024)

struct heard {
    bool gap;
    uint64_t len;
    uint8_t *bytes;
    uint32_t first, at;
};

struct script {
    const char *path;
    unsigned line;
    struct arena arena;
    struct stream *stream; /* in it */
    struct take answer;
    struct heard heard[EVENTS_MAX];
    size_t count, next;
    struct mark at;
    uint8_t *bytes; /* of the segment under way, and of an expectation */
    unsigned cases;
};

static void require_at(const struct script *sc, bool ok, const char *what)
{
    if (!ok)
        fail_msg("%s:%u: %s", sc->path, sc->line, what);
}

#define REQUIRE(sc, condition) require_at(sc, condition, #condition)

static struct take on_data(void *ctx, struct slice bytes, const struct mark *first,
                           const struct mark *at)
{
    struct script *sc = ctx;
    REQUIRE(sc, sc->count < EVENTS_MAX);
    sc->heard[sc->count++] =
        (struct heard){false, bytes.len, unit_copy(bytes.data, bytes.len), first->frame, at->frame};
    return sc->answer;
}

static struct take on_gap(void *ctx, uint64_t len, const struct mark *at)
{
    struct script *sc = ctx;
    REQUIRE(sc, sc->count < EVENTS_MAX);
    sc->heard[sc->count++] = (struct heard){true, len, NULL, 0, at->frame};
    return (struct take){0, sc->answer.skip == TAKE_REST ? TAKE_REST : 0, 0};
}

static uint64_t number(struct script *sc, char **rest)
{
    char *end = NULL;
    uint64_t n = strtoull(*rest, &end, 10);
    REQUIRE(sc, end != *rest);
    *rest = end + strspn(end, " \n");
    return n;
}

static bool word(char **rest, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*rest, text, len) != 0 || ((*rest)[len] && !strchr(" \n", (*rest)[len])))
        return false;
    *rest += len;
    *rest += strspn(*rest, " \n");
    return true;
}

static uint64_t number_or_all(struct script *sc, char **rest)
{
    return word(rest, "all") ? UINT64_MAX : number(sc, rest);
}

/* "text" or *COUNT, into sc->bytes; `counted` says which. */
static struct slice bytes_of(struct script *sc, char **rest, bool *counted)
{
    *counted = **rest == '*';
    if (*counted) {
        ++*rest;
        uint64_t n = number(sc, rest);
        REQUIRE(sc, n <= BYTES_MAX);
        memset(sc->bytes, 'x', n);
        return slice_of(sc->bytes, n);
    }
    REQUIRE(sc, **rest == '"');
    const char *end = strchr(++*rest, '"');
    REQUIRE(sc, end != NULL);
    size_t len = (size_t)(end - *rest);
    memcpy(sc->bytes, *rest, len);
    *rest += len + 1;
    *rest += strspn(*rest, " \n");
    return slice_of(sc->bytes, len);
}

static struct stream_reader reader(struct script *sc)
{
    return (struct stream_reader){on_data, on_gap, sc};
}

static void segment(struct script *sc, char *rest)
{
    struct packet p = {.kind = PACKET_TCP};
    bool counted;
    p.tcp.seq = (uint32_t)number(sc, &rest);
    struct slice bytes = bytes_of(sc, &rest, &counted);
    p.payload_len = (uint32_t)bytes.len;
    if (word(&rest, "syn"))
        p.tcp.flags = TCP_SYN;
    if (word(&rest, "cut"))
        p.payload_len += (uint32_t)number(sc, &rest);
    sc->at.frame++;
    p.at = sc->at;
    uint8_t *exact = unit_copy(bytes.data, bytes.len);
    p.payload = slice_of(exact, bytes.len);
    struct stream_reader r = reader(sc);
    stream_push(sc->stream, &p, &r);
    free(exact);
}

static void expect(struct script *sc, char *rest)
{
    if (word(&rest, "stats")) {
        struct stream_stats stats = stream_stats(sc->stream);
        REQUIRE(sc, stats.bytes == number(sc, &rest));
        REQUIRE(sc, stats.gap_bytes == number(sc, &rest));
        REQUIRE(sc, stats.retransmitted == number(sc, &rest));
        return;
    }
    if (word(&rest, "done")) {
        REQUIRE(sc, stream_done(sc->stream));
        return;
    }
    REQUIRE(sc, sc->next < sc->count);
    const struct heard *h = &sc->heard[sc->next++];
    if (word(&rest, "gap")) {
        REQUIRE(sc, h->gap);
        REQUIRE(sc, h->len == number(sc, &rest));
        return;
    }
    REQUIRE(sc, word(&rest, "data"));
    REQUIRE(sc, !h->gap);
    bool counted;
    struct slice bytes = bytes_of(sc, &rest, &counted);
    REQUIRE(sc, h->len == bytes.len);
    REQUIRE(sc, counted || slice_eq(slice_of(h->bytes, h->len), bytes));
    if (*rest) {
        REQUIRE(sc, h->first == number(sc, &rest));
        REQUIRE(sc, h->at == number(sc, &rest));
    }
}

/* All that was heard had been expected. */
static void settle(struct script *sc)
{
    REQUIRE(sc, sc->next == sc->count);
    for (size_t i = 0; i < sc->count; i++)
        free(sc->heard[i].bytes);
    sc->next = sc->count = 0;
}

static void begin(struct script *sc, struct stream *stream)
{
    stream_free(sc->stream);
    sc->stream = stream;
    sc->answer = (struct take){SIZE_MAX, 0, 0};
    sc->at = (struct mark){NS_PER_S, 0, 0};
    sc->cases++;
    assert_non_null(stream);
}

static void act(struct script *sc, char *rest)
{
    struct stream_reader r = reader(sc);
    settle(sc);
    if (word(&rest, "case"))
        return;
    if (word(&rest, "new")) {
        begin(sc, stream_new((uint32_t)number(sc, &rest), &sc->arena));
    } else if (word(&rest, "midstream")) {
        begin(sc, stream_new_midstream(&sc->arena));
    } else if (word(&rest, "reader")) {
        sc->answer.consumed = number_or_all(sc, &rest);
        sc->answer.skip = number_or_all(sc, &rest);
        sc->answer.want = number(sc, &rest);
    } else if (word(&rest, ">")) {
        segment(sc, rest);
    } else if (word(&rest, "!")) {
        sc->at.frame++;
        stream_acked(sc->stream, (uint32_t)number(sc, &rest), &sc->at, &r);
    } else if (word(&rest, "+")) {
        sc->at.ts_ns += (int64_t)number(sc, &rest) * NS_PER_MS;
    } else if (word(&rest, "fin")) {
        sc->at.frame++;
        stream_finish(sc->stream, &sc->at, &r);
    } else {
        REQUIRE(sc, word(&rest, "resume"));
        sc->at.frame++;
        stream_resume(sc->stream, &sc->at, &r);
    }
}

static void run_script(void **state)
{
    struct script sc = {.path = *state};
    arena_init(&sc.arena, 1 << 20);
    FILE *f = fopen(sc.path, "r");
    assert_non_null(f);
    sc.bytes = malloc(BYTES_MAX);
    assert_non_null(sc.bytes);
    char line[512];
    while (fgets(line, sizeof line, f)) {
        char *rest = line + strspn(line, " ");
        sc.line++;
        if (*rest == '#' || *rest == '\n')
            continue;
        if (word(&rest, "="))
            expect(&sc, rest);
        else
            act(&sc, rest);
    }
    settle(&sc);
    assert_true(sc.cases > 0);
    stream_free(sc.stream);
    arena_clear(&sc.arena);
    free(sc.bytes);
    assert_int_equal(fclose(f), 0);
}

static int is_script(const struct dirent *entry)
{
    return strstr(entry->d_name, ".t") != NULL;
}

int main(void)
{
    static char paths[FILES_MAX][512];
    struct CMUnitTest tests[FILES_MAX];
    struct dirent **entries = NULL;
    int found = scandir(SCRIPTS, &entries, is_script, alphasort);
    size_t count = 0;
    for (int i = 0; i < found; i++) {
        if (count < FILES_MAX) {
            char *path = paths[count];
            (void)snprintf(path, sizeof paths[count], SCRIPTS "/%s", entries[i]->d_name);
            tests[count++] = (struct CMUnitTest){path, run_script, NULL, NULL, path};
        }
        free(entries[i]);
    }
    free(entries);
    if (count == 0) {
        printf("not ok 1 no scripts in %s\n", SCRIPTS);
        return 1;
    }
    return _cmocka_run_group_tests("streams", tests, count, NULL, NULL);
}
