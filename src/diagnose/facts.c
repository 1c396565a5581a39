/*
 * diagnose/facts: the store behind a diagnosis.
 * SPDX-License-Identifier: MIT
 */
#include "facts.h"

#include <stddef.h>
#include <stdlib.h>

#include "failures.h"

/* What a store has of its own: made, copied and cleared here alone. Names are shared by copies. */
static const struct {
    size_t offset;
    uint32_t cap;
} own_maps[] = {
    {offsetof(struct facts, by_mac), CLIENTS_MAX},
    {offsetof(struct facts, by_flow), WATCHED_MAX},
    {offsetof(struct facts, losses.by_minute), LOSS_MINUTES_MAX},
    {offsetof(struct facts, paths.by_client), PATHS_MAX},
};

static const struct {
    size_t offset;
    size_t size; /* of a record */
    uint32_t cap;
} own_pools[] = {
    {offsetof(struct facts, clients), sizeof(struct client), CLIENTS_MAX},
    {offsetof(struct facts, servers), sizeof(struct server), SERVERS_MAX},
    {offsetof(struct facts, macs), sizeof(struct mac_entry), CLIENTS_MAX},
    {offsetof(struct facts, peers), sizeof(struct peer), PEERS_MAX},
    {offsetof(struct facts, skews), sizeof(struct skew), CLIENTS_MAX},
    {offsetof(struct facts, row_blocks), sizeof(struct row_block), ROW_BLOCKS_MAX},
    {offsetof(struct facts, failures), sizeof(struct kept_failure), FAILURES_MAX},
    {offsetof(struct facts, rests), sizeof(struct kept_rest), FAILURES_MAX},
    {offsetof(struct facts, watches), sizeof(struct watch), WATCHED_MAX},
    {offsetof(struct facts, losses.minutes), sizeof(struct loss), LOSS_MINUTES_MAX},
    {offsetof(struct facts, losses.silences), sizeof(int64_t), LOSS_SILENCES_MAX},
    {offsetof(struct facts, paths.all), sizeof(struct path), PATHS_MAX},
};

#define OWN_MAPS  (sizeof own_maps / sizeof *own_maps)
#define OWN_POOLS (sizeof own_pools / sizeof *own_pools)

static struct map *map_of(struct facts *f, size_t i)
{
    return (void *)((char *)f + own_maps[i].offset);
}

static struct pool *pool_of(struct facts *f, size_t i)
{
    return (void *)((char *)f + own_pools[i].offset);
}

static struct issuer_memo *issuers_new(void)
{
    struct issuer_memo *m = calloc(1, sizeof *m);
    if (m && !(m->names = intern_new(ISSUERS_MAX, ISSUERS_BYTES_MAX))) {
        free(m);
        return NULL;
    }
    return m;
}

static void issuers_free(struct issuer_memo *m)
{
    if (m)
        intern_free(m->names);
    free(m);
}

/* Names with a known address get the first numbers, so that an answer is cheaply known as one of theirs. */
static void list_probes(struct facts *f, const struct service *s)
{
    for (uint32_t i = 0; i < s->endpoint_count; i++) {
        const struct endpoint *e = &s->endpoints[i];
        if (!e->probe_dns_a || e->match != MATCH_EXACT || f->probe_count == PROBE_NAMES_MAX ||
            intern_find(f->listed, slice_str(e->pattern)) != INTERN_NONE)
            continue;
        struct probe_name *p = &f->probes[f->probe_count];
        if (!addr_parse(&p->v4, e->probe_dns_a) ||
            intern_add(f->listed, slice_str(e->pattern)) != f->probe_count)
            continue;
        if (e->probe_dns_aaaa)
            (void)addr_parse(&p->v6, e->probe_dns_aaaa);
        f->probe_count++;
    }
}

bool facts_init(struct facts *f, const struct service_list *list, struct facts *kin,
                uint32_t number)
{
    uint32_t block = kin ? POOL_BLOCK_SMALL : POOL_BLOCK;
    *f = (struct facts){.list = list, .number = number};
    f->listed = kin ? kin->listed : intern_new(NAMES_LISTED_MAX, LISTED_BYTES_MAX);
    f->is_kin = kin != NULL;
    if (kin)
        f->matches = kin->matches;
    else if (f->listed)
        f->matches = matches_new(list, f->listed);
    f->others = intern_new(OTHER_NAMES_MAX, OTHER_BYTES_MAX);
    f->texts = intern_new(TEXTS_MAX, TEXTS_BYTES_MAX);
    f->issuers = kin ? kin->issuers : issuers_new();
    for (size_t i = 0; i < OWN_MAPS; i++)
        map_init(map_of(f, i), own_maps[i].cap);
    finder_init(&f->by_addr);
    finder_init(&f->by_server);
    for (size_t i = 0; i < OWN_POOLS; i++)
        pool_init(pool_of(f, i), own_pools[i].size, own_pools[i].cap, block);
    revocation_init(&f->revocation, block);
    routes_init(&f->own_routes);
    f->routes = kin ? kin->routes : &f->own_routes;
    if (kin) {
        memcpy(f->probes, kin->probes, sizeof f->probes);
        f->probe_count = kin->probe_count;
        f->clients.cap = KIN_CLIENTS_MAX;
    }
    for (uint32_t s = 0; !kin && f->listed && s < services_count(list); s++)
        list_probes(f, services_at(list, s));
    stations_init(&f->stations, block);
    f->spare_watch = POOL_NONE;
    return f->listed && f->matches && f->others && f->texts && f->issuers;
}

void facts_clear(struct facts *f)
{
    for (size_t i = 0; i < OWN_MAPS; i++)
        map_clear(map_of(f, i));
    finder_clear(&f->by_addr);
    finder_clear(&f->by_server);
    for (size_t i = 0; i < OWN_POOLS; i++)
        pool_clear(pool_of(f, i));
    revocation_clear(&f->revocation);
    stations_clear(&f->stations);
    if (f->is_copy)
        return;
    routes_clear(&f->own_routes);
    if (!f->is_kin) {
        matches_free(f->matches);
        intern_free(f->listed);
        issuers_free(f->issuers);
    }
    intern_free(f->others);
    intern_free(f->texts);
    free(f->other_counts);
}

bool facts_copy(struct facts *out, struct facts *f)
{
    bool good = true;
    *out = *f;
    out->is_copy = true;
    for (size_t i = 0; i < OWN_MAPS; i++)
        good &= map_copy(map_of(out, i), map_of(f, i));
    good &= finder_copy(&out->by_addr, &f->by_addr);
    good &= finder_copy(&out->by_server, &f->by_server);
    for (size_t i = 0; i < OWN_POOLS; i++)
        good &= pool_copy(pool_of(out, i), pool_of(f, i)) != 0;
    good &= stations_copy(&out->stations, &f->stations);
    good &= pool_copy(&out->revocation.waits, &f->revocation.waits) != 0;
    good &= pool_copy(&out->revocation.stalls, &f->revocation.stalls) != 0;
    return good;
}

/* ---- names ---- */

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    }
    return s.len > 0;
}

struct slice facts_host(struct slice host, char out[NAME_MAX_BYTES + 1])
{
    size_t colon = slice_find(host, 0, ':');
    if (colon < host.len && all_digits(slice_sub(host, colon + 1, host.len)))
        host.len = colon;
    if (host.len > 0 && host.data[host.len - 1] == '.')
        host.len--;
    if (host.len > NAME_MAX_BYTES)
        host.len = 0;
    for (size_t i = 0; i < host.len; i++)
        out[i] = (char)ascii_lower(host.data[i]);
    out[host.len] = '\0';
    return slice_of(out, host.len);
}

static void count_other(struct facts *f, uint32_t id)
{
    if (id >= f->other_room) {
        uint32_t room = f->other_room ? f->other_room * 2 : 256;
        uint32_t *counts = realloc(f->other_counts, room * sizeof *counts);
        if (!counts)
            return;
        memset(counts + f->other_room, 0, (room - f->other_room) * sizeof *counts);
        f->other_counts = counts;
        f->other_room = room;
    }
    f->other_counts[id]++;
}

/* What several use, one must not fill up: a device asks for some dozens of hosts of the list. */
static uint32_t add_listed(struct facts *f, struct slice host)
{
    if (f->is_kin && f->listed_added++ >= LISTED_A_KIN_MAX)
        return INTERN_NONE;
    return intern_add(f->listed, host);
}

uint32_t facts_name(struct facts *f, struct slice host, bool contact)
{
    if (host.len == 0 || host.len > NAME_MAX_BYTES)
        return INTERN_NONE;
    uint64_t hash = intern_hash(host);
    uint32_t id = intern_find_hashed(f->listed, host, hash);
    if (id != INTERN_NONE)
        return id;
    uint32_t other = intern_find_hashed(f->others, host, hash);
    if (other == INTERN_NONE) {
        struct service_match matches[SERVICE_MATCHES_MAX];
        if (services_match(f->list, host, TRANSPORT_TCP, PORT_ANY, matches) > 0)
            return add_listed(f, host);
        other = intern_add(f->others, host);
    }
    if (contact && other == INTERN_NONE)
        f->other_overflow++;
    else if (contact && !f->is_copy) /* which has the counts of its original */
        count_other(f, other);
    return INTERN_NONE;
}

uint32_t facts_text(struct facts *f, struct slice text)
{
    return text.len ? intern_add(f->texts, text) : INTERN_NONE;
}

/* ---- clients ---- */

struct client *facts_at(const struct facts *f, uint32_t client)
{
    return pool_at(&f->clients, client);
}

/* Clients and servers begin with their address. */
static uint64_t addr_of_record(const void *table, uint32_t number)
{
    return facts_key(pool_at(table, number));
}

static uint32_t find_addr(const struct finder *by, const struct pool *records,
                          const struct ip_addr *addr, uint64_t key)
{
    uint32_t step = 0;
    uint32_t id = finder_next(by, key, &step);
    while (id != FINDER_NONE && !addr_eq(pool_at(records, id), addr))
        id = finder_next(by, key, &step);
    return id;
}

uint32_t facts_find(const struct facts *f, const struct ip_addr *addr)
{
    return find_addr(&f->by_addr, &f->clients, addr, facts_key(addr));
}

static uint32_t add_client(struct facts *f, const struct ip_addr *addr)
{
    uint32_t id = pool_add(&f->clients);
    if (id == POOL_NONE)
        return POOL_NONE;
    *facts_at(f, id) = (struct client){
        .addr = *addr,
        .mac = POOL_NONE,
        .peers = POOL_NONE,
        .blocks = POOL_NONE,
        .skew = POOL_NONE,
        .primary = id,
        .merged = POOL_NONE,
    };
    return id;
}

uint32_t facts_client(struct facts *f, const struct ip_addr *addr)
{
    uint64_t key = facts_key(addr);
    uint32_t id = find_addr(&f->by_addr, &f->clients, addr, key);
    if (id != POOL_NONE)
        return id;
    id = add_client(f, addr);
    return id != POOL_NONE && finder_add(&f->by_addr, key, id, addr_of_record, &f->clients)
               ? id
               : POOL_NONE;
}

static uint64_t mac_key(const struct mac_addr *mac)
{
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof mac->bytes; i++)
        key = key << 8 | mac->bytes[i];
    return key;
}

static void note_mac(struct facts *f, uint32_t id, const struct mac_addr *mac)
{
    uint32_t entry = map_get(&f->by_mac, mac_key(mac));
    if (entry == MAP_NONE) {
        entry = pool_add(&f->macs);
        if (entry == POOL_NONE || !map_put(&f->by_mac, mac_key(mac), entry))
            return;
        *(struct mac_entry *)pool_at(&f->macs, entry) = (struct mac_entry){.mac = *mac};
    }
    struct mac_entry *m = pool_at(&f->macs, entry);
    struct client *c = facts_at(f, id);
    c->mac = entry;
    if (c->addr.family != 4)
        m->v6_count++;
    else if (m->v4_count++ == 0 || addr_is_link_local(&facts_at(f, m->v4)->addr))
        m->v4 = id;
}

uint32_t facts_of_mac(const struct facts *f, const struct mac_addr *mac)
{
    uint32_t entry = map_get(&f->by_mac, mac_key(mac));
    const struct mac_entry *m = entry == MAP_NONE ? NULL : pool_at(&f->macs, entry);
    return m && m->v4_count == 1 && m->v6_count < DEVICE_ADDRESSES_MAX ? m->v4 : POOL_NONE;
}

void facts_bring(const struct facts *f, uint32_t client)
{
    const struct client *c = facts_at(f, client);
    if (c->peers != POOL_NONE) {
        const struct peer *p = pool_at(&f->peers, c->peers);
        bring(p);
        bring(&p->last_answered);
    }
    if (c->blocks != POOL_NONE) {
        const struct row_block *b = pool_at(&f->row_blocks, c->blocks);
        bring(b);
        bring(&b->heads[ROWS_A_BLOCK / 2]);
    }
}

uint32_t facts_asks(struct facts *f, const struct flow *flow)
{
    uint32_t id = facts_client(f, &flow->key.src);
    if (id == POOL_NONE)
        return id;
    facts_at(f, id)->flags |= CLIENT_ASKED;
    if (facts_at(f, id)->mac == POOL_NONE) {
        /* Behind a router, or where the capture has no MAC, DHCP knows it. */
        const struct station *st = station_by_lease(&f->stations, &flow->key.src);
        if (st || flow->has_mac)
            note_mac(f, id, st ? &st->mac : &flow->client_mac);
    }
    return id;
}

uint32_t facts_unheard(struct facts *f, const struct ip_addr *addr, const struct mac_addr *mac)
{
    uint32_t id = addr_is_unspecified(addr) ? add_client(f, addr) : facts_client(f, addr);
    if (id == POOL_NONE)
        return id;
    facts_at(f, id)->flags |= CLIENT_ASKED | CLIENT_UNHEARD;
    if (facts_at(f, id)->mac == POOL_NONE)
        note_mac(f, id, mac);
    return id;
}

uint32_t facts_server(struct facts *f, const struct ip_addr *addr)
{
    uint64_t key = facts_key(addr);
    uint32_t id = find_addr(&f->by_server, &f->servers, addr, key);
    if (id != POOL_NONE)
        return id;
    id = pool_add(&f->servers);
    if (id == POOL_NONE)
        return POOL_NONE;
    *(struct server *)pool_at(&f->servers, id) = (struct server){.addr = *addr};
    return finder_add(&f->by_server, key, id, addr_of_record, &f->servers) ? id : POOL_NONE;
}

struct server *facts_server_at(const struct facts *f, uint32_t server)
{
    return server == POOL_NONE ? NULL : pool_at(&f->servers, server);
}

void facts_role(struct facts *f, const struct ip_addr *addr, uint8_t flag)
{
    struct server *s = facts_server_at(f, facts_server(f, addr));
    if (s)
        s->roles |= flag;
}

/* What `server` is besides a peer of this one client. Once: its record may lie anywhere in memory. */
static void note_peer(struct facts *f, enum peer_role role, const struct ip_addr *server)
{
    if (role == PEER_RESOLVER)
        facts_role(f, server, CLIENT_RESOLVER);
    else if (role == PEER_PROXY)
        facts_role(f, server, CLIENT_PROXY);
}

struct peer *facts_peer(struct facts *f, uint32_t client, enum peer_role role,
                        const struct flow *flow)
{
    struct client *c = facts_at(f, client);
    uint32_t *link = &c->peers; /* the resolver is met first, and then most often */
    while (*link != POOL_NONE) {
        struct peer *p = pool_at(&f->peers, *link);
        if (p->role == role && addr_eq(&p->server, &flow->key.dst))
            return p;
        link = &p->next;
    }
    note_peer(f, role, &flow->key.dst);
    uint32_t id = c->peer_count < PEERS_A_CLIENT ? pool_add(&f->peers) : POOL_NONE;
    if (id == POOL_NONE)
        return NULL;
    struct peer *p = pool_at(&f->peers, id);
    *p = (struct peer){.next = POOL_NONE,
                       .role = (uint8_t)role,
                       .server = flow->key.dst,
                       .port = flow->key.dst_port};
    *link = id;
    c->peer_count++;
    return p;
}

struct skew *facts_skew(struct facts *f, uint32_t client, bool make)
{
    struct client *c = facts_at(f, client);
    if (c->skew == POOL_NONE && make)
        c->skew = pool_add(&f->skews);
    return c->skew == POOL_NONE ? NULL : pool_at(&f->skews, c->skew);
}

/* ---- rows ---- */

static struct row_block *block_at(const struct facts *f, uint32_t block)
{
    return block == POOL_NONE ? NULL : pool_at(&f->row_blocks, block);
}

struct row *facts_row_at(const struct facts *f, uint32_t index)
{
    if (index == POOL_NONE)
        return NULL;
    struct row_block *b = pool_at(&f->row_blocks, index / ROWS_A_BLOCK);
    return &b->rows[index % ROWS_A_BLOCK];
}

struct hosts facts_hosts(const struct facts *f, uint32_t client)
{
    return (struct hosts){facts_at(f, client)->blocks, 0};
}

struct row *facts_next_host(const struct facts *f, struct hosts *at)
{
    for (struct row_block *b = block_at(f, at->block); b; b = block_at(f, at->block)) {
        while (at->row < b->count) {
            uint32_t i = at->row++;
            if (b->heads[i] != NO_HEAD)
                return &b->rows[i];
        }
        *at = (struct hosts){b->next, 0};
    }
    return NULL;
}

static struct row_block *add_block(struct facts *f, struct client *c)
{
    uint32_t id = c->block_count < BLOCKS_A_CLIENT ? pool_add(&f->row_blocks) : POOL_NONE;
    if (id == POOL_NONE)
        return NULL;
    struct row_block *b = pool_at(&f->row_blocks, id);
    b->next = c->blocks;
    c->blocks = id;
    c->block_count++;
    return b;
}

/* `head`: the first one of its host. NULL at a cap; its number in `index`. */
static struct row *add_row(struct facts *f, uint32_t client, uint32_t name, bool head,
                           uint32_t *index)
{
    struct client *c = facts_at(f, client);
    struct row_block *b = block_at(f, c->blocks);
    if (!b || b->count == ROWS_A_BLOCK)
        b = add_block(f, c);
    if (!b)
        return NULL;
    struct row *row = &b->rows[b->count];
    *index = c->blocks * ROWS_A_BLOCK + b->count;
    b->heads[b->count++] = head ? (uint16_t)name : NO_HEAD;
    *row = (struct row){.name = (uint16_t)name, .next = POOL_NONE, .failures = POOL_NONE};
    return row;
}

struct row *facts_head(struct facts *f, uint32_t client, uint32_t name)
{
    struct client *c = facts_at(f, client);
    for (struct row_block *b = block_at(f, c->blocks); b; b = block_at(f, b->next)) {
        for (uint32_t i = 0; i < b->count; i++) {
            if (b->heads[i] == name)
                return &b->rows[i];
        }
    }
    uint32_t index;
    c->flags |= CLIENT_LISTED;
    return add_row(f, client, name, true, &index);
}

struct row *facts_row(struct facts *f, uint32_t client, uint32_t name, enum transport transport,
                      uint16_t port)
{
    struct row *row = facts_head(f, client, name);
    if (!row)
        return NULL;
    while (row->port != 0 && (row->port != port || row->transport != (uint8_t)transport)) {
        struct row *next = facts_row_at(f, row->next);
        if (!next)
            next = add_row(f, client, name, false, &row->next);
        if (!next)
            return NULL;
        row = next;
    }
    row->port = port;
    row->transport = (uint8_t)transport;
    return row;
}
