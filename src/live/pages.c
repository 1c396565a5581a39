/*
 * live/pages: what the sensor shows by HTTP.
 * SPDX-License-Identifier: MIT
 *
 * docs/SENSOR.md tells the paths, docs/OUTPUT.md the members. Names from the network go through the JSON
 * writer; nothing of the client's request is in an answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mark.h"
#include "report/json.h"
#include "sensor.h"

#define DEVICES      "/api/devices"
#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_JSON    "application/json"
#define NUMBER_MAX   10 /* digits */

#define STATUS_NOT_FOUND   404
#define STATUS_UNAVAILABLE 503

/* ---- devices ------------------------------------------------------------------------------------ */

static void put_services(struct json *j, const struct device_summary *m)
{
    json_open(j, "services", '{');
    for (int i = 0; i <= STATUS_FAILED; i++)
        json_u64(j, status_text((enum status_word)i), m->services[i]);
    json_close(j, '}');
    json_u64(j, "findings", m->finding_count);
    json_open(j, "causes", '[');
    for (int i = 0; i < DEVICE_CAUSES_SHOWN && m->causes[i][0]; i++)
        json_text(j, NULL, m->causes[i]);
    json_close(j, ']');
}

static void put_members(struct json *j, const struct row *row)
{
    const struct device_summary *m = &row->summary;
    char mac[MAC_TEXT_SIZE];
    json_u64(j, "id", row->number);
    json_text(j, "address", row->address);
    if (row->has_mac)
        json_text(j, "mac", mac_text(&row->mac, mac));
    json_text_if(j, "name", m->name);
    json_text(j, "state", device_end_text(row->end));
    if (m->judged)
        json_text(j, "verdict", verdict_text(m->verdict));
    else
        json_null(j, "verdict");
    json_text_if(j, "phase", m->phase);
    json_text_if(j, "stopped_at", m->stopped_at);
    json_time(j, "first", row->first_ns);
    json_time(j, "last", row->last_ns);
    if (row->ended_ns)
        json_time(j, "ended", row->ended_ns);
    json_text_if(j, "file", row->file);
    json_text_if(j, "evidence", row->evidence);
    put_services(j, m);
}

static void put_row(void *ctx, const struct row *row)
{
    struct json *j = ctx;
    json_open(j, NULL, '{');
    put_members(j, row);
    json_close(j, '}');
}

static void show_devices(const struct sensor *s, struct http_answer *a)
{
    struct json j = {.buf = &a->body};
    a->type = TYPE_JSON;
    json_open(&j, NULL, '{');
    json_time(&j, "time", s->now_ns);
    json_open(&j, "devices", '[');
    sensor_rows(s, put_row, &j);
    json_close(&j, ']');
    json_close(&j, '}');
    buf_char(&a->body, '\n');
}

static void show_device(struct sensor *s, uint32_t number, struct http_answer *a)
{
    struct json j = {.buf = &a->body};
    struct inquiry how = {.json = true, .out = &a->body};
    struct row row;
    if (!sensor_row(s, number, &row)) {
        a->status = STATUS_NOT_FOUND;
        buf_str(&a->body, "no such device, or it ended long ago\n");
        return;
    }
    a->type = TYPE_JSON;
    json_open(&j, NULL, '{');
    put_members(&j, &row);
    json_key(&j, "report");
    size_t before = a->body.len;
    sensor_report(s, number, &how);
    if (a->body.len == before)
        buf_str(&a->body, "null");
    json_close(&j, '}');
    buf_char(&a->body, '\n');
}

/* The number in "/api/devices/NUMBER"; 0 when it is none. */
static uint32_t device_number(const char *path)
{
    static const char before[] = DEVICES "/";
    if (strncmp(path, before, sizeof before - 1) != 0)
        return 0;
    const char *text = path + sizeof before - 1;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > NUMBER_MAX || text[digits] != '\0')
        return 0;
    return (uint32_t)strtoul(text, NULL, 10);
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static void show_health(const struct sensor *s, struct http_answer *a)
{
    bool whole = s->open_interfaces == s->options->interface_count;
    if (!whole)
        a->status = STATUS_UNAVAILABLE;
    buf_str(&a->body, whole ? "ok\n" : "an interface is gone\n");
}

void pages_answer(void *ctx, const char *path, struct http_answer *answer)
{
    struct sensor *s = ctx;
    uint32_t number = device_number(path);
    if (strcmp(path, "/metrics") == 0) {
        answer->type = TYPE_METRICS;
        metrics_text(s, &answer->body);
    } else if (strcmp(path, "/healthz") == 0) {
        show_health(s, answer);
    } else if (strcmp(path, DEVICES) == 0) {
        show_devices(s, answer);
    } else if (number != 0) {
        show_device(s, number, answer);
    } else {
        answer->status = STATUS_NOT_FOUND;
        buf_str(&answer->body, "there are /metrics, /healthz, /api/devices and /api/devices/ID\n");
    }
}
