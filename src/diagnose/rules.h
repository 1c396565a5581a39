/*
 * diagnose/rules: what each kind of traffic says, and which of its failures count.
 * SPDX-License-Identifier: MIT
 *
 * One file a protocol, each with two halves: `*_fact` takes a transaction or flow into the store as it
 * comes; `*_ruling` judges one remembered failure when all is known. Private to diagnose.
 */
#ifndef DIAGNOSE_RULES_H
#define DIAGNOSE_RULES_H

#include "diagnose/diagnose.h"
#include "facts.h"

/* ---- while it comes ---- */

void dns_fact(struct facts *f, const struct flow *flow, const struct tx *tx);
void tls_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host);
/* The end of a flow whose handshake's certificate left a question. */
void tls_flow_fact(struct facts *f, const struct flow *flow);
void http_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host);
void ntp_fact(struct facts *f, const struct flow *flow, const struct tx *tx, struct slice host);
void dhcp_fact(struct facts *f, const struct tx *tx);
void clock_fact(struct facts *f, const struct flow *flow, const struct tx *tx); /* of HTTP */
/* The time that a TLS greeting may carry. */
void hello_fact(struct facts *f, uint32_t client, const struct tx *tx);
/* A server's time minus that of the capture. */
void clock_sample(struct facts *f, const struct ip_addr *server, int64_t offset_ns, bool by_ntp);
void link_fact(struct facts *f, const struct packet *p);   /* ARP and 802.1X, and the next one */
void seeker_fact(struct facts *f, const struct packet *p); /* a question for routers */
void advert_fact(struct facts *f, const struct packet *p, const struct ndp_advert *a);
void dhcp6_fact(struct facts *f, const struct packet *p, const struct dhcp6_message *m);
void tcp_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
              struct slice host, const char *app, uint32_t transactions);

/* A question, and a TCP connection to port 53, as facts about the resolver. */
void resolver_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx);
void resolver_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how);

/* A response that is no error: ranges and bodies as they should be, or not. */
void content_fact(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx);
/* So many downloads of a host that break off at one size do it by a rule. */
#define CUT_BY_RULE 2
/* A response without a header of a box that all the same has what its server does not put there (`marked`), in
 * `code` of its failure. */
#define INTERCEPTED_BY_COOKIE 1
/* A request to a proxy; a response that shows a box in between; the search for a proxy. */
void proxy_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx);
void intercept_fact(struct facts *f, struct row *row, const struct flow *flow, const struct tx *tx,
                    bool marked);
void search_fact(struct facts *f, uint32_t client, const struct flow *flow, const struct tx *tx);
void search_flow_fact(struct facts *f, const struct flow *flow);

/* Requests to hosts of authorities that stay unanswered, and handshakes that stall. */
void revocation_wait(struct facts *f, const struct flow *flow, struct slice host,
                     struct mark first);
void revocation_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
                          struct slice host);
void revocation_tls_fact(struct facts *f, const struct flow *flow, const struct tx *tx,
                         struct slice host);

/* So many connections in a row that end when their request comes are no accident. */
#define ENDS_IN_A_ROW 3
/* A connection whose large packets did not arrive behind its handshake, or whose request nobody wanted. */
void stall_flow_fact(struct facts *f, const struct flow *flow, struct slice host, const char *app);
/* A long connection that ended. */
void idle_flow_fact(struct facts *f, const struct flow *flow, const struct flow_end *how,
                    struct slice host);

/* A failure on `flow` that began at `first`. */
struct failure rule_failure(const struct flow *flow, enum finding_kind kind, struct mark first);
/* The last two labels: names that differ here are unrelated. */
struct slice rule_domain(struct slice name);
/* Notes on the row if the capture lacks something of `flow`: then nothing follows from what is missing. */
bool rule_lacks(struct row *row, const struct flow *flow);
/* How often the request of `tx` was sent, as far as the connection tells: one that goes on for a while
 * shows that its device still waits. */
uint32_t rule_tries(const struct flow *flow, const struct tx *tx);
/* First label of a name is `label`. */
bool rule_first_label(struct slice name, const char *label);

/* When something came back to the device in `flow`, as far as that is sure; 0 never. */
int64_t lost_heard_ns(const struct flow *flow);
/* The same as a fact, of flows that tell no transactions of it: no TCP, which rules_tcp counts. */
void lost_flow_fact(struct facts *f, const struct flow *flow);

/* How long a connection took to be answered, and what was lost on its way. */
void path_flow_fact(struct facts *f, const struct flow *flow);

/* ---- when all is known ---- */

enum ruling {
    RULING_DROP,      /* says nothing */
    RULING_HARMLESS,  /* worth a note (info) */
    RULING_RECOVERED, /* failed, and later worked (info) */
    RULING_DOUBT,     /* the capture cannot say: inconclusive */
    RULING_WARNS,     /* worked, but with a warning */
    RULING_FAILED,
};

struct judging {
    struct facts *f;
    const struct capture_facts *capture;
    const uint32_t *suspects; /* by text: how sure an issuer is an inspecting one (rules_tls) */
    bool cut;                 /* packets were captured in part, so missing bytes prove nothing */
    bool one_way;             /* of the device: no failure may be claimed */
    bool ipv6_told;           /* of the device: that IPv6 fails it and IPv4 works is told once */
    uint32_t device;          /* client whose rows are judged */
    const struct station *station; /* it is; NULL unknown */
    struct change change;          /* of its network */
};

/* `head` is the first row of the host, `row` the one that has the failure. */
typedef enum ruling ruling_fn(const struct judging *j, const struct row *head,
                              const struct row *row, const struct failure *x);

ruling_fn dns_ruling, sinkhole_ruling, probe_name_ruling, injection_ruling, tcp_ruling, tls_ruling,
    certificate_ruling, inspection_ruling, http_ruling, content_ruling, intercept_ruling,
    stall_ruling, stalled_ruling, request_ruling, idle_ruling, ntp_ruling;

/* What a bad DNS reply said beside its code, in `value` of its failure. */
enum {
    DNS_SAID_AA = 1,
    DNS_SAID_OWN_ZONE = 2, /* the zone's primary is one of the site, or of a private cloud zone */
    DNS_SAID_LINK = 4,     /* behind a CNAME into a private link zone */
    DNS_SAID_EDNS = 8,     /* the question had EDNS */
    DNS_SAID_NO_SOA = 16,
    DNS_EDE_SHIFT = 8, /* from here on: extended error + 1 */
};
/* What a bad HTTP answer shows beside its status, in `value` of its failure. */
enum {
    HTTP_SAID_BOX = 1,   /* headers or words of a product that stands in between */
    HTTP_SAID_PAGE = 2,  /* HTML */
    HTTP_SAID_BLOCK = 4, /* a page that says "blocked" */
    HTTP_SAID_CONNECT = 8,
    HTTP_SAID_PROBE = 16, /* the host is one of the connectivity check */
    HTTP_SAID_CODED = 32, /* a content coding that nobody asked for */
};
/* In `value` of a DHCP server's silence: what IPv6 lacks. */
enum {
    DHCP_SAID_NO_ADDRESS6 = 1,
    DHCP_SAID_NO_RESOLVER6,
};
/* Extended errors by which a resolver says that it filters. */
bool dns_said_filtered(int ede);

/* Whether a listed host serves revocation lists or their kin. */
bool revocation_host(const struct facts *f, uint32_t name);
/* Brings stalls and waits together, after facts_merge; false when memory is out. */
bool revocation_settle(struct facts *f);
/* Whether another host of the same authority answered after the failure of one. */
bool revocation_covered(const struct judging *j, const struct row *head, const struct failure *x);

/* Whether another host of the service that `name` matters most to has worked. */
bool rule_service_worked(const struct judging *j, uint32_t name);
/* Whether some row of the host has worked, and when last; 0 never. */
int64_t rule_host_ok_ns(const struct judging *j, const struct row *head);
/* Whether a failure was under way when the device changed its network. */
bool link_cut(const struct judging *j, const struct failure *x);
/* Whether a proxy let any request of the device pass. */
bool proxy_lets_pass(const struct facts *f, uint32_t client);
/* The first proxy of the device that refused a request and let none pass; NULL without. */
const struct peer *proxy_refusing(const struct facts *f, uint32_t client);
/* How far the clock of the capture is behind the true time; false when too few servers say. */
bool clock_of_capture(const struct facts *f, int64_t *offset_ns);
bool clock_is_right(int64_t offset_ns);
/* Whether two addresses lie in one network; a mask of family 0 stands for 24 bits. */
bool rule_same_network(const struct ip_addr *a, const struct ip_addr *b,
                       const struct ip_addr *mask);
bool rule_addrs_have(const struct dhcp_addrs *list, const struct ip_addr *a);
/* Whether all resolvers that a device asked are those of Windows for a network that names none. */
bool resolver_unnamed(const struct facts *f, uint32_t client);
/* Resolvers of a device: whether none answers, whether one of several is silent. */
enum resolvers_state {
    RESOLVERS_UNKNOWN,
    RESOLVERS_FINE,
    RESOLVERS_ONE_SILENT,
    RESOLVERS_SILENT,
};
enum resolvers_state dns_resolvers(const struct facts *f, uint32_t client);
bool dns_peer_silent(const struct facts *f, const struct peer *p, bool alone);
/* The resolver of the device that answers slowly as a habit; NULL without. */
const struct peer *resolver_slow(const struct facts *f, uint32_t client);
/* Questions of a device of which none has an answer in the capture and none was asked again: it heard answers that
 * the capture has not. 0 where that is not so. */
uint32_t resolver_unheard(const struct facts *f, uint32_t client);
/* Whether TCP to the resolvers was tried and never worked. */
bool resolver_tcp_shut(const struct facts *f, uint32_t client);
/* Whether AA is rare with the device's resolvers, so that it tells a zone of their own. */
bool resolver_zones_tell(const struct facts *f, uint32_t client);

/* How sure it is that an issuer (number in texts) inspects, over all devices. */
enum suspicion {
    SUSPECT_NONE,
    SUSPECT_POSSIBLE,
    SUSPECT_LIKELY,
    SUSPECT_CERTAIN,
};
/* What else a certificate of an unknown authority shows, in `code` of its failure: what public authorities'
 * certificates nearly never lack, and what they always have. No sign of these accuses by itself. */
enum {
    CERT_LOGGED = 1, /* it is in public logs, which no box can do: the authority is a public one */
    CERT_BARE = 2,   /* it names neither a log nor where its issuer is found */
    CERT_ALONE = 4,  /* it came without a chain */
    CERT_BELOW_ROOT = 8, /* what came behind it is its root */
};
/* Whether the certificate of an inspection was made shortly before it was shown, and how long. */
bool tls_fresh(const struct facts *f, const struct failure *x, int64_t *age_s);
/* Fills `out`, one for each text. */
void tls_suspects(const struct facts *f, uint32_t *out);

#endif
