/*
 * tests/unit/diagnose/lab_web: a service list with hosts of every role on the web.
 * SPDX-License-Identifier: MIT
 */
#ifndef LAB_WEB_H
#define LAB_WEB_H

#include "lab.h"

#define HOST  "ztd.example.com"
#define FILES "dl.do.example.com"
#define TRACK "kv.do.example.com"
#define CRL   "crl1.example.org"
#define CRL2  "crl2.example.org"
#define OCSP  "ocsp.example.org"
#define PUSH  "push.example.com"
#define TPM   "ek.example.com"
#define PROBE "www.probe.example"

static const char WEB_LIST[] =
    "{\"format\": \"oobescope-services/1\", \"as_of\": \"2026-01-01\", \"services\": ["
    "{\"id\": \"profile\", \"need\": \"required\", \"phase\": \"profile\", \"endpoints\": ["
    "  {\"host\": \"ztd.example.com\", \"ports\": [443, 80]},"
    "  {\"host\": \"open.example.com\", \"no_proxy_auth\": true}]},"
    "{\"id\": \"ncsi\", \"need\": \"required\", \"phase\": \"network\", \"endpoints\": ["
    "  {\"host\": \"www.probe.example\", \"ports\": [80], \"probe_path\": \"/connecttest.txt\","
    "   \"probe_body\": \"Microsoft Connect Test\"}]},"
    "{\"id\": \"crl\", \"need\": \"conditional\", \"phase\": \"network\", \"endpoints\": ["
    "  {\"host\": \"crl1.example.org\", \"ports\": [80], \"role\": \"crl\"},"
    "  {\"host\": \"crl2.example.org\", \"ports\": [80], \"role\": \"crl\"},"
    "  {\"host\": \"ocsp.example.org\", \"ports\": [80], \"role\": \"ocsp\"},"
    "  {\"host\": \"ctl.example.net\", \"ports\": [80], \"role\": \"ctl\"}]},"
    "{\"id\": \"delivery-optimization\", \"need\": \"optional\", \"phase\": \"updates\","
    " \"endpoints\": ["
    "  {\"host\": \"kv.do.example.com\"}, {\"host\": \"dl.do.example.com\", \"ports\": [80]}]},"
    "{\"id\": \"wns\", \"need\": \"optional\", \"phase\": \"notification\", \"endpoints\": ["
    "  {\"host\": \"push.example.com\"}]},"
    "{\"id\": \"tpm\", \"need\": \"conditional\", \"other_modes\": true, \"endpoints\": ["
    "  {\"host\": \"ek.example.com\", \"need\": \"optional\"}]},"
    "{\"id\": \"proxy\", \"need\": \"conditional\", \"endpoints\": ["
    "  {\"host\": \"wpad.*\", \"ports\": [80], \"need\": \"optional\"}]}]}";

/* A device that has reached HOST. */
static inline void open_web(struct lab *l)
{
    lab_open_with(l, WEB_LIST);
    lab_tls(l, 0, HOST, (struct lab_tls){.outcome = TLS_COMPLETED});
}

#endif
