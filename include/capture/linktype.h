/*
 * capture/linktype: names of link types.
 * SPDX-License-Identifier: MIT
 */
#ifndef CAPTURE_LINKTYPE_H
#define CAPTURE_LINKTYPE_H

/* As in tcpdump.org/linktypes, without "LINKTYPE_"; NULL for the many that no deployment is captured on. */
const char *linktype_name(int linktype);

#endif
