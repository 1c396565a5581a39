/*
 * diagnose/rules_link: ARP and 802.1X, and devices that change their network in mid-run.
 * SPDX-License-Identifier: MIT
 *
 * RFC 826, 5227, IEEE 802.1X-2010.
 */
#include "judge.h"

#define TALK_NS    (30 * NS_PER_S) /* an answer of 802.1X comes within this */
#define EAP_STARTS 2               /* that stay without request; supplicants repeat theirs */
#define EAP_NS     (10 * NS_PER_S) /* a switch that does 802.1X has asked by then */
#define OVERLAP_NS (5 * NS_PER_S)  /* conversations of the old address may begin this late */
#define CUT_NS     (15 * NS_PER_S) /* what began this long before a change was cut by it */
#define AFTER_NS   (5 * NS_PER_S)

/* ---- while it comes ---- */

/* A machine wants an address: it probes for it, or announces it. */
static void note_wanted(struct claim *c, const struct mac_addr *mac, const struct mark *at)
{
    c->wanter = *mac;
    c->wanted = *at;
}

/* A machine asks for another one. */
static void note_asked(struct facts *f, struct station *st, const struct packet *p)
{
    struct neighbour *n = station_neighbour(&f->stations, st, &p->arp.target, true);
    if (!n)
        return;
    n->known |= (p->dst_mac.bytes[0] & 1) == 0;
    run_add(&n->asked, &p->at);
}

/* It speaks to another one, which may have asked. */
static void note_answered(struct facts *f, const struct packet *p)
{
    struct station *st = station_find(&f->stations, &p->dst_mac);
    struct neighbour *n = st ? station_neighbour(&f->stations, st, &p->arp.sender, false) : NULL;
    if (!n)
        return;
    n->answered = p->at;
    n->asked = (struct run){.count = 0};
}

/* The owner of an address speaks. */
static void owner_fact(struct facts *f, struct claim *c, const struct packet *p, bool announces)
{
    const struct packet_arp *arp = &p->arp;
    struct station *st = station_make(&f->stations, &arp->sender_mac);
    if (st && !st->many)
        station_owns(&f->stations, st, &arp->sender, p->vlan);
    if (st && addr_is_link_local(&arp->sender)) {
        st->self = arp->sender;
        run_add(&st->self_assigned, &p->at);
    }
    if (st && p->has_mac && arp->op == ARP_REQUEST && !announces)
        note_asked(f, st, p);
    if (p->has_mac && (p->dst_mac.bytes[0] & 1) == 0)
        note_answered(f, p);
    claim_note(c, &arp->sender_mac, &p->at);
}

static void arp_fact(struct facts *f, const struct packet *p)
{
    const struct packet_arp *arp = &p->arp;
    bool probe = arp->sender.family == 0 || addr_is_unspecified(&arp->sender);
    bool announces = addr_eq(&arp->sender, &arp->target);
    const struct ip_addr *addr = probe ? &arp->target : &arp->sender;
    if (arp->op != ARP_REQUEST && arp->op != ARP_REPLY)
        return;
    struct claim *c = station_claim(&f->stations, addr, true);
    if (!c)
        return;
    if (!probe)
        owner_fact(f, c, p, announces);
    if (probe || announces)
        note_wanted(c, &arp->sender_mac, &p->at);
}

/* Both sides of 802.1X on a wire send to a group address, so a switch speaks to whoever spoke last. */
static struct station *eapol_station(struct facts *f, const struct packet *p)
{
    struct stations *s = &f->stations;
    struct station *st = station_find(s, &p->dst_mac);
    if (st || s->talker == POOL_NONE || p->at.ts_ns - s->talked_ns > TALK_NS)
        return st;
    st = pool_at(&s->all, s->talker);
    bool ends = p->eapol.eap_code == EAP_SUCCESS || p->eapol.eap_code == EAP_FAILURE;
    return ends && st->eap_answered && st->eap_id != p->eapol.eap_id ? NULL : st;
}

static void eapol_from_station(struct facts *f, const struct packet *p)
{
    struct station *st = station_make(&f->stations, &p->src_mac);
    if (!st)
        return;
    f->stations.talker = station_number(&f->stations, st);
    f->stations.talked_ns = p->at.ts_ns;
    if (p->eapol.type == EAPOL_START)
        run_add(&st->eap_start, &p->at);
    st->eap_answered |= p->eapol.type == EAPOL_EAP;
    st->eap_id = p->eapol.eap_id;
}

static void eapol_fact(struct facts *f, const struct packet *p)
{
    const struct packet_eapol *e = &p->eapol;
    if (!p->has_mac || (e->type != EAPOL_START && e->type != EAPOL_EAP))
        return;
    if (e->type == EAPOL_START || e->eap_code == EAP_RESPONSE) {
        eapol_from_station(f, p);
        return;
    }
    struct station *st = eapol_station(f, p);
    if (!st)
        return;
    if (e->eap_code == EAP_REQUEST)
        run_add(&st->eap_request, &p->at);
    else if (e->eap_code == EAP_SUCCESS)
        run_add(&st->eap_success, &p->at);
    else if (e->eap_code == EAP_FAILURE)
        run_add(&st->eap_failure, &p->at);
}

void link_fact(struct facts *f, const struct packet *p)
{
    if (p->kind == PACKET_ARP)
        arp_fact(f, p);
    else if (p->kind == PACKET_EAPOL)
        eapol_fact(f, p);
    else
        seeker_fact(f, p);
}

/* ---- 802.1X ---- */

static struct draft *run_finding(struct judge *j, enum finding_kind kind, enum severity severity,
                                 const struct run *run)
{
    struct draft *d = finding_of_device(j, kind, severity);
    if (!d)
        return NULL;
    d->f.count = run->count;
    d->f.first = run->first;
    d->f.last = run->last;
    return d;
}

/* When the device was seen to have the network's service, last. */
static int64_t network_ok_ns(const struct judge *j, const struct station *st)
{
    int64_t ok = rule_device_ok_ns(j);
    if (mark_set(st->ack.last) && st->ack.last.ts_ns > ok)
        ok = st->ack.last.ts_ns;
    return ok;
}

/* A device that asks for 802.1X where the switch has none goes on without it. */
void eap_judge(struct judge *j)
{
    const struct station *st = j->j.station;
    struct draft *d = NULL;
    if (!st)
        return;
    int64_t ok = network_ok_ns(j, st);
    if (st->eap_failure.count > 0) {
        bool later = ok > st->eap_failure.last.ts_ns ||
                     (mark_set(st->eap_success.last) &&
                      st->eap_success.last.ts_ns > st->eap_failure.last.ts_ns);
        d = run_finding(j, FINDING_EAP_FAILURE, later ? SEVERITY_INFO : SEVERITY_ERROR,
                        &st->eap_failure);
        if (d)
            d->f.recovered = later;
    } else if (st->eap_start.count >= EAP_STARTS && st->eap_request.count == 0 &&
               !st->eap_answered && st->eap_success.count == 0 && ok == 0 &&
               j->j.capture->last.ts_ns - st->eap_start.first.ts_ns >= EAP_NS) {
        d = run_finding(j, FINDING_EAP_NO_REQUEST, SEVERITY_ERROR, &st->eap_start);
    }
    if (d)
        finding_tell(j, d);
}

/* ---- conflicts ---- */

static void conflict_of(struct judge *j, const struct claim *c, bool gone)
{
    struct draft *d = run_finding(j, FINDING_ADDRESS_CONFLICT,
                                  gone ? SEVERITY_INFO : SEVERITY_WARNING, &c->conflicts);
    if (!d)
        return;
    d->f.recovered = gone;
    char mac[MAC_TEXT_SIZE];
    d->x.server = c->addr;
    for (int i = 0; i < 2; i++) {
        const struct mac_addr *who = i == 0 ? &c->mac : &c->other;
        if (i == 1 && !mark_set(c->other_at))
            who = &c->wanter;
        buf_printf(&j->text, "%s claims ", mac_text(who, mac));
        judge_address(&j->text, &c->addr);
        finding_prove(j, d);
    }
    finding_tell(j, d);
}

/* Of the device's own addresses, and of the routers and resolvers that it got. */
static void conflict_judge(struct judge *j, const struct station *st)
{
    struct stations *s = &j->f->stations;
    for (const struct stay *stay = station_stay(s, st->stays); stay;
         stay = station_stay(s, stay->next)) {
        const struct claim *c = station_claim(s, &stay->addr, false);
        /* It took another address: that one is no trouble any more. */
        bool gone = st->lease.address.family != 0 && !addr_eq(&st->lease.address, &stay->addr);
        if (stay->owned && c && c->conflicts.count > 0)
            conflict_of(j, c, gone);
    }
    const struct dhcp_addrs *lists[2] = {&st->lease.routers, &st->lease.resolvers};
    for (size_t i = 0; i < 2; i++) {
        for (uint8_t k = 0; k < lists[i]->count; k++) {
            const struct claim *c = station_claim(s, &lists[i]->at[k], false);
            bool again = i == 1 && rule_addrs_have(lists[0], &lists[i]->at[k]);
            if (c && c->conflicts.count > 0 && !again)
                conflict_of(j, c, false);
        }
    }
}

/* ---- change of network ---- */

/* The stays that were used, oldest first; returns how many. */
static uint32_t stays_of(const struct judge *j, const struct station *st,
                         const struct stay *out[STAYS_A_STATION])
{
    uint32_t count = 0;
    uint32_t device = j->j.device;
    for (const struct stay *stay = station_stay(&j->f->stations, st->stays); stay;
         stay = station_stay(&j->f->stations, stay->next)) {
        uint32_t client = facts_find(j->f, &stay->addr);
        if (!mark_set(stay->first) || addr_is_link_local(&stay->addr) || client == POOL_NONE ||
            (client != device && facts_at(j->f, client)->primary != device))
            continue;
        uint32_t at = count++;
        for (; at > 0 && out[at - 1]->first.ts_ns > stay->first.ts_ns; at--)
            out[at] = out[at - 1];
        out[at] = stay;
    }
    return count;
}

static bool is_change(const struct station *st, const struct stay *from, const struct stay *to)
{
    static const struct ip_addr no_mask = {.family = 0};
    if (to->first.ts_ns + OVERLAP_NS < from->last.ts_ns)
        return false; /* both in use: two interfaces behind one MAC, or a mirror of two places */
    if (from->vlan != to->vlan)
        return true;
    const struct ip_addr *mask = st->lease.mask.family ? &st->lease.mask : &no_mask;
    return to->owned && !rule_same_network(&from->addr, &to->addr, mask);
}

void link_changes(struct judge *j)
{
    const struct station *st = j->j.station;
    const struct stay *stays[STAYS_A_STATION];
    j->j.change = (struct change){.happened = false};
    uint32_t count = st && !st->many ? stays_of(j, st, stays) : 0;
    for (uint32_t i = 1; i < count; i++) {
        if (!is_change(st, stays[i - 1], stays[i]))
            continue;
        int64_t begin = stays[i]->first.ts_ns;
        const struct lease *l = &st->lease;
        if (addr_eq(&l->address, &stays[i]->addr) && l->began.ts_ns < begin &&
            l->began.ts_ns > stays[i - 1]->first.ts_ns)
            begin = l->began.ts_ns;
        if (!j->j.change.happened)
            j->j.change.begin_ns = begin;
        j->j.change.happened = true;
        j->j.change.end_ns = begin < stays[i]->first.ts_ns ? l->at.ts_ns : begin;
        j->j.change.from = stays[i - 1];
        j->j.change.to = stays[i];
    }
}

bool link_cut(const struct judging *j, const struct failure *x)
{
    const struct change *c = &j->change;
    return c->happened && x->first.ts_ns >= c->begin_ns - CUT_NS &&
           x->last.ts_ns <= c->end_ns + AFTER_NS;
}

static void change_judge(struct judge *j)
{
    const struct change *c = &j->j.change;
    bool works = j->j.one_way || rule_device_ok_ns(j) > c->end_ns;
    struct run run = {c->from->last, c->to->first, 1};
    struct draft *d =
        run_finding(j, FINDING_NETWORK_CHANGED, works ? SEVERITY_INFO : SEVERITY_ERROR, &run);
    if (!d)
        return;
    d->f.recovered = works;
    buf_str(&j->text, "last conversation begun from ");
    judge_address(&j->text, &c->from->addr);
    buf_printf(&j->text, " (VLAN %u) in frame %u, first from ", c->from->vlan, c->from->last.frame);
    judge_address(&j->text, &c->to->addr);
    buf_printf(&j->text, " (VLAN %u) in frame %u", c->to->vlan, c->to->first.frame);
    finding_prove(j, d);
    finding_tell(j, d);
}

void link_judge(struct judge *j)
{
    const struct station *st = j->j.station;
    if (!st)
        return;
    conflict_judge(j, st);
    if (j->j.change.happened)
        change_judge(j);
}
