/*
 * capture/linktype: names of link types.
 * SPDX-License-Identifier: MIT
 */
#include "capture/linktype.h"

#include <stddef.h>

const char *linktype_name(int linktype)
{
    static const struct {
        int linktype;
        const char *name;
    } known[] = {
        {0, "NULL"},
        {1, "ETHERNET"},
        {9, "PPP"},
        {12, "RAW"}, /* what systems call raw IP, written by programs that did not translate */
        {14, "RAW"},
        {50, "PPP_HDLC"},
        {51, "PPP_ETHER"},
        {101, "RAW"},
        {104, "C_HDLC"},
        {105, "IEEE802_11"},
        {107, "FRELAY"},
        {108, "LOOP"},
        {109, "ENC"},
        {113, "LINUX_SLL"},
        {117, "PFLOG"},
        {119, "IEEE802_11_PRISM"},
        {127, "IEEE802_11_RADIOTAP"},
        {147, "USER0"},
        {163, "IEEE802_11_AVS"},
        {192, "PPI"},
        {195, "IEEE802_15_4_WITHFCS"},
        {220, "USB_LINUX_MMAPPED"},
        {228, "IPV4"},
        {229, "IPV6"},
        {239, "NFLOG"},
        {249, "USBPCAP"},
        {252, "WIRESHARK_UPPER_PDU"},
        {253, "NETLINK"},
        {276, "LINUX_SLL2"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].linktype == linktype)
            return known[i].name;
    }
    return NULL;
}
