/*
 * capture/pcapng: the numbers of the format, for its reader and its writer.
 * SPDX-License-Identifier: MIT
 *
 * draft-ietf-opsawg-pcapng. A file is a row of blocks:
 *
 *     type (4) | total length (4) | body, padded to 4 bytes | total length again (4)
 */
#ifndef SRC_CAPTURE_PCAPNG_H
#define SRC_CAPTURE_PCAPNG_H

#define PCAPNG_PADDING 3U /* lengths are rounded up to 4 */

/* The byte order of a section, as it writes it itself. */
#define PCAPNG_ORDER 0x1a2b3c4dU

enum pcapng_block {
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    /* What follows holds no packets but has frame numbers in Wireshark. */
    BLOCK_JOURNAL = 9,
    BLOCK_SYSDIG = 0x204,
    BLOCK_SYSDIG_2 = 0x216,
    BLOCK_SYSDIG_2_LARGE = 0x221,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_LOCAL = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a,
};

enum pcapng_option {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_SHB_USERAPPL = 4,
    OPTION_IF_NAME = 2,
    OPTION_IF_DESCRIPTION = 3,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_TSOFFSET = 14,
    OPTION_ISB_ENDTIME = 3,
    OPTION_ISB_IFDROP = 5,
    OPTION_ISB_OSDROP = 7,
    OPTION_ISB_USRDELIV = 8,
    OPTION_EPB_FLAGS = 2,
    OPTION_EPB_DROPCOUNT = 4,
    OPTION_EPB_PACKETID = 5,
    OPTION_EPB_VERDICT = 7,
};

#endif
