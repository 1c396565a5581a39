/*
 * diagnose/rules_idle: long connections that something ends after a fixed time.
 * SPDX-License-Identifier: MIT
 *
 * Push notifications come over one connection that idles for long. A firewall that forgets idle
 * connections resets it again and again after the same time; a server or device that ends it says FIN.
 */
#include <stdlib.h>

#include "rules.h"

#define LONG_NS    (20 * NS_PER_S)
#define SAME_LEAST 3 /* so many connections in a row of one length are cut by a rule */
#define SAME_SHARE 10
#define SAME_NS    (2 * NS_PER_S)

static bool idles(const struct service_list *list, struct slice name, uint16_t port)
{
    struct service_match matches[SERVICE_MATCHES_MAX];
    uint32_t count = services_match(list, name, TRANSPORT_TCP, port, matches);
    return count > 0 && strcmp(services_at(list, matches[0].service)->phase, "notification") == 0;
}

/* `value` is the length of the newest, `code` how many in a row had it. */
void idle_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
                    struct slice host)
{
    int64_t length_ns = how->at.ts_ns - flow->first.ts_ns;
    if (how->reason != END_RST || how->by != DIR_TO_CLIENT || length_ns < LONG_NS ||
        host.len == 0 || !flow->side[DIR_TO_CLIENT].data)
        return;
    char text[NAME_MAX_BYTES + 1];
    struct slice known = facts_host(host, text);
    uint32_t client = facts_find(f, &flow->key.src);
    uint32_t name = facts_name(f, known, false);
    if (client == POOL_NONE || name == INTERN_NONE || !idles(f->list, known, flow->key.dst_port))
        return;
    struct row *row = facts_row(f, client, name, TRANSPORT_TCP, flow->key.dst_port);
    if (!row)
        return;
    struct failure x = rule_failure(flow, FINDING_TCP_IDLE_CUT, flow->first);
    struct failure old;
    x.value = length_ns;
    x.code = 1;
    if (facts_find_failure(f, row, FINDING_TCP_IDLE_CUT, &old) &&
        llabs(old.value - length_ns) <= length_ns / SAME_SHARE + SAME_NS && old.code < UINT16_MAX)
        x.code = (uint16_t)(old.code + 1);
    facts_fail(f, row, &x);
}

enum ruling idle_ruling(const struct judging *j, const struct row *head, const struct row *row,
                        const struct failure *x)
{
    (void)j;
    (void)head;
    (void)row;
    return x->code >= SAME_LEAST ? RULING_WARNS : RULING_DROP;
}
