/*
 * live/screen: drawing and keys.
 * SPDX-License-Identifier: MIT
 */
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "terminal.h"

#define HEAD_LINES   3  /* title, counts, names of the columns */
#define FOOT_LINES   1  /* keys */
#define SAID_FROM    14 /* lines a screen needs before it shows what was said last */
#define REPORT_LEAST 60 /* columns */
#define ROOM_LEAST   64

#define RESET   "\x1b[0m"
#define BOLD    "\x1b[1m"
#define REVERSE "\x1b[7m"
#define RED     "\x1b[31m"
#define GREEN   "\x1b[32m"
#define YELLOW  "\x1b[33m"

/* ---- lines -------------------------------------------------------------------------------------- */

/* One character a column: escaped, and what is not ASCII then as "?". */
static void put_ascii(struct buf *out, const char *text)
{
    struct buf safe;
    buf_init(&safe);
    escape_text(&safe, slice_str(text));
    for (size_t i = 0; i < safe.len; i++) {
        uint8_t c = (uint8_t)safe.data[i];
        if (c < 0x80)
            buf_char(out, (char)c);
        else if (c >= 0xc0)
            buf_char(out, '?');
    }
    buf_clear(&safe);
}

/* Exactly `width` columns and a space. */
static void put_cell(struct buf *out, const char *text, unsigned width)
{
    size_t start = out->len;
    put_ascii(out, text);
    if (out->len - start > width) {
        out->len = start + width;
        out->data[out->len - 1] = '~';
    }
    while (out->len - start < width && !out->failed)
        buf_char(out, ' ');
    buf_char(out, ' ');
}

/* A line of the screen: of ASCII, cut to the width. */
static void put_line(const struct screen *v, struct buf *out, const char *style,
                     const struct buf *line)
{
    struct slice text = slice_sub(buf_view(line), 0, v->width);
    buf_str(out, style);
    buf_slice(out, text);
    buf_str(out, RESET "\x1b[K\r\n");
}

static void put_text(const struct screen *v, struct buf *out, const char *style, const char *text)
{
    struct buf line;
    buf_init(&line);
    put_ascii(&line, text);
    put_line(v, out, style, &line);
    buf_clear(&line);
}

/* ---- rows --------------------------------------------------------------------------------------- */

static void take_row(void *ctx, const struct row *row)
{
    struct screen *v = ctx;
    if (v->count == v->room) {
        uint32_t room = v->room ? 2 * v->room : ROOM_LEAST;
        struct row *more = realloc(v->rows, room * sizeof *more);
        if (!more)
            return; /* a device is not shown this time */
        v->rows = more;
        v->room = room;
    }
    v->rows[v->count++] = *row;
}

static int by_number(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    return (one->number > two->number) - (one->number < two->number);
}

static int or_number(int order, const void *a, const void *b)
{
    return order ? order : by_number(a, b);
}

static int by_verdict(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    return or_number((int)two->summary.verdict - (int)one->summary.verdict, a, b);
}

static int by_address(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    struct ip_addr x = {{0}, 0}, y = {{0}, 0};
    (void)addr_parse(&x, one->address);
    (void)addr_parse(&y, two->address);
    return or_number(addr_cmp(&x, &y), a, b);
}

static int by_name(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    return or_number(strcmp(one->summary.name, two->summary.name), a, b);
}

static int by_phase(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    return or_number(strcmp(one->summary.phase, two->summary.phase), a, b);
}

static int by_state(const void *a, const void *b)
{
    const struct row *one = a, *two = b;
    return or_number((int)one->end - (int)two->end, a, b);
}

static const struct {
    const char *name;
    int (*compare)(const void *a, const void *b);
} sorts[SORT_COUNT] = {
    [SORT_VERDICT] = {"verdict", by_verdict}, [SORT_NUMBER] = {"number", by_number},
    [SORT_ADDRESS] = {"address", by_address}, [SORT_NAME] = {"name", by_name},
    [SORT_PHASE] = {"phase", by_phase},       [SORT_STATE] = {"state", by_state},
};

static void gather_rows(struct screen *v, const struct sensor *s)
{
    v->count = 0;
    sensor_rows(s, take_row, v);
    if (v->count > 0)
        qsort(v->rows, v->count, sizeof *v->rows, sorts[v->sort].compare);
    for (uint32_t i = 0; v->reversed && i < v->count / 2; i++) {
        struct row swap = v->rows[i];
        v->rows[i] = v->rows[v->count - 1 - i];
        v->rows[v->count - 1 - i] = swap;
    }
}

/* Where the selected device is now; the first when it is gone. */
static uint32_t selected_index(const struct screen *v)
{
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->rows[i].number == v->selected)
            return i;
    }
    return 0;
}

/* ---- the table ---------------------------------------------------------------------------------- */

static unsigned said_lines(const struct screen *v)
{
    return v->height >= SAID_FROM ? SAID_LINES : 0;
}

static unsigned table_lines(const struct screen *v)
{
    unsigned others = HEAD_LINES + FOOT_LINES + said_lines(v);
    return v->height > others ? v->height - others : 1;
}

static const char *style_of(const struct screen *v, const struct row *row)
{
    static const char *const styles[] = {
        [VERDICT_CLEAR] = GREEN,
        [VERDICT_INCONCLUSIVE] = "",
        [VERDICT_DEGRADED] = YELLOW,
        [VERDICT_BLOCKED] = RED,
    };
    return v->color && row->summary.judged ? styles[row->summary.verdict] : "";
}

static void put_number_cell(struct buf *out, uint32_t number, unsigned width)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%*u", (int)width, (unsigned)number);
    put_cell(out, text, width);
}

/* Of a long one the end is shown: IPv6 addresses of a network begin alike. */
static void put_address_cell(struct buf *out, const char *address, unsigned width)
{
    char text[ADDR_TEXT_SIZE];
    size_t len = strlen(address);
    if (len > width) {
        (void)snprintf(text, sizeof text, "~%s", address + len - width + 1);
        address = text;
    }
    put_cell(out, address, width);
}

static void put_row(const struct screen *v, struct buf *out, const struct row *row, bool selected)
{
    const struct device_summary *m = &row->summary;
    char style[32];
    struct buf line;
    buf_init(&line);
    put_number_cell(&line, row->number, 7);
    put_address_cell(&line, row->address, 15);
    put_cell(&line, m->name, 12);
    put_cell(&line, device_end_text(row->end), 7);
    put_cell(&line, m->judged ? verdict_text(m->verdict) : "", 12);
    put_cell(&line, m->phase, 12);
    put_number_cell(&line, m->services[STATUS_REACHABLE] + m->services[STATUS_DEGRADED], 3);
    put_number_cell(&line, m->services[STATUS_FAILED], 3);
    put_ascii(&line, m->causes[0][0] ? m->causes[0] : m->stopped_at);
    (void)snprintf(style, sizeof style, "%s%s", style_of(v, row), selected ? REVERSE : "");
    put_line(v, out, style, &line);
    buf_clear(&line);
}

static void put_head(const struct screen *v, const struct sensor *s, struct buf *out)
{
    const struct sensor_counts *c = &s->counts;
    const struct drop_counts *minute = &s->drops.minute;
    char lately[64] = "";
    char text[256];
    char time[TIME_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "oobescope live on %.16s%s  %.19sZ  sorted by %s%s%s",
                   s->options->interfaces[0], s->options->interface_count > 1 ? "..." : "",
                   time_text(s->now_ns, time), sorts[v->sort].name, v->reversed ? ", reversed" : "",
                   s->open_interfaces < s->options->interface_count ? "  AN INTERFACE IS GONE"
                                                                    : "");
    put_text(v, out, BOLD, text);
    if (minute->tap.kernel + minute->tap.interface > 0)
        (void)snprintf(lately, sizeof lately, " (last minute %llu)",
                       (unsigned long long)minute->tap.kernel + minute->tap.interface);
    (void)snprintf(
        text, sizeof text,
        "%llu begun, %u ended (%llu blocked); packets %llu, dropped %llu%s; lost: events "
        "%llu, reports %llu",
        (unsigned long long)c->begun, sensor_ended(s),
        (unsigned long long)c->verdicts[VERDICT_BLOCKED], (unsigned long long)c->packets,
        (unsigned long long)drops_frames(&s->drops), lately, (unsigned long long)s->events.lost,
        (unsigned long long)c->reports_lost);
    put_text(v, out, "", text);
}

static void put_foot(const struct screen *v, struct buf *out, const char *keys)
{
    const char *text = v->asking ? "Stop the sensor and write the last reports? y/n" : keys;
    buf_str(out, v->asking ? BOLD : "");
    buf_slice(out, slice_sub(slice_str(text), 0, v->width));
    buf_str(out, RESET "\x1b[K\x1b[J");
}

static void put_said(const struct screen *v, const struct sensor *s, struct buf *out)
{
    for (unsigned i = 0; i < said_lines(v); i++)
        put_text(v, out, "", s->said[(s->said_next + SAID_LINES - said_lines(v) + i) % SAID_LINES]);
}

static void draw_table(struct screen *v, const struct sensor *s, struct buf *out)
{
    unsigned lines = table_lines(v);
    uint32_t at = selected_index(v);
    if (v->count > 0)
        v->selected = v->rows[at].number;
    if (at < v->top)
        v->top = at;
    if (at >= v->top + lines)
        v->top = at - lines + 1;
    if (v->top + lines > v->count)
        v->top = v->count > lines ? v->count - lines : 0;
    put_head(v, s, out);
    put_text(v, out, BOLD,
             "     NR ADDRESS         NAME         STATE   VERDICT      PHASE         OK BAD WHY");
    for (unsigned i = 0; i < lines; i++) {
        uint32_t index = v->top + i;
        if (index < v->count)
            put_row(v, out, &v->rows[index], index == at);
        else
            put_text(v, out, "", v->count == 0 && i == 1 ? "      no deployment yet" : "");
    }
    put_said(v, s, out);
    put_foot(v, out, "arrows: choose  Enter: details  s: sort  r: reverse  q: stop");
}

/* ---- one device --------------------------------------------------------------------------------- */

static void put_report(struct screen *v, struct slice report, struct buf *out)
{
    unsigned room = v->height > 2 ? v->height - 2 : 1;
    uint32_t count = 0;
    for (size_t at = 0; at < report.len; at = slice_find(report, at, '\n') + 1)
        count++;
    if (v->scroll + room > count)
        v->scroll = count > room ? count - room : 0;
    size_t at = 0;
    for (uint32_t i = 0; i < v->scroll; i++)
        at = slice_find(report, at, '\n') + 1;
    for (unsigned i = 0; i < room; i++) {
        size_t end = at < report.len ? slice_find(report, at, '\n') : at;
        if (at < report.len)
            buf_slice(out, slice_sub(report, at, end - at));
        buf_str(out, RESET "\x1b[K\r\n");
        at = end + 1;
    }
}

static void draw_detail(struct screen *v, struct sensor *s, struct buf *out)
{
    const struct row *row = &v->rows[selected_index(v)];
    struct buf report;
    char title[256];
    char mac[MAC_TEXT_SIZE];
    buf_init(&report);
    struct inquiry how = {
        .text = {.width = v->width > REPORT_LEAST ? v->width : REPORT_LEAST, .color = v->color},
        .out = &report,
    };
    (void)snprintf(title, sizeof title, "device %u  %s  %s  %s  %s", (unsigned)row->number,
                   row->address, row->has_mac ? mac_text(&row->mac, mac) : "", row->summary.name,
                   device_end_text(row->end));
    put_text(v, out, BOLD, title);
    sensor_report(s, row->number, &how);
    if (report.len == 0)
        buf_str(&report, "\nIts report was too large to be kept; see --reports.\n");
    put_report(v, buf_view(&report), out);
    put_foot(v, out, "arrows, PgUp, PgDn: scroll  Esc: back to the table");
    buf_clear(&report);
}

/* ---- the whole ---------------------------------------------------------------------------------- */

void screen_init(struct screen *v, bool color)
{
    *v = (struct screen){.color = color};
}

void screen_clear(struct screen *v)
{
    free(v->rows);
    v->rows = NULL;
    v->count = v->room = 0;
}

void screen_draw(struct screen *v, struct sensor *s, struct buf *out)
{
    gather_rows(v, s);
    v->detail &= v->count > 0;
    buf_str(out, "\x1b[H");
    if (v->detail)
        draw_detail(v, s, out);
    else
        draw_table(v, s, out);
}

/* ---- keys --------------------------------------------------------------------------------------- */

/* How far a key moves: lines of a page are `page`. */
static int64_t distance(int key, unsigned page)
{
    switch (key) {
    case KEY_UP:
        return -1;
    case KEY_DOWN:
        return 1;
    case KEY_PAGE_UP:
        return -(int64_t)page;
    case KEY_PAGE_DOWN:
        return page;
    case KEY_HOME:
        return -(int64_t)UINT32_MAX;
    case KEY_END:
        return UINT32_MAX;
    default:
        return 0;
    }
}

/* `from` moved, within [0, last]. */
static uint32_t moved(uint32_t from, int64_t by, uint32_t last)
{
    int64_t to = from + by;
    if (to < 0)
        return 0;
    return to > last ? last : (uint32_t)to;
}

static void detail_key(struct screen *v, int key)
{
    if (key == KEY_BACK || key == 'q')
        v->detail = false;
    else /* drawing knows the last line */
        v->scroll = moved(v->scroll, distance(key, v->height), INT32_MAX);
}

static void table_key(struct screen *v, int key)
{
    if (v->count > 0)
        v->selected =
            v->rows[moved(selected_index(v), distance(key, table_lines(v)), v->count - 1)].number;
    switch (key) {
    case KEY_ENTER:
        v->detail = v->count > 0;
        v->scroll = 0;
        break;
    case 's':
        v->sort = (enum screen_sort)((v->sort + 1) % SORT_COUNT);
        break;
    case 'r':
        v->reversed = !v->reversed;
        break;
    case 'q':
        v->asking = true;
        break;
    default:
        break;
    }
}

bool screen_key(struct screen *v, int key)
{
    if (key == KEY_STOP || (v->asking && key == 'y'))
        return true;
    if (v->asking)
        v->asking = false;
    else if (v->detail)
        detail_key(v, key);
    else
        table_key(v, key);
    return false;
}
