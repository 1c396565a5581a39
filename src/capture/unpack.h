/*
 * capture/unpack: compressed bytes to plain ones, whatever the codec.
 * SPDX-License-Identifier: MIT
 *
 * Reads nothing itself: it is handed packed bytes a block at a time and holds no more than that block.
 * What was unpacked before damage is given first; `trouble` then says what it was.
 */
#ifndef CAPTURE_UNPACK_H
#define CAPTURE_UNPACK_H

#include "codec.h"

/* A kind of compression. */
struct packing {
    const char *name;    /* as in messages */
    const char *library; /* without which the codec is missing */
    const char *tool;    /* that unpacks it by hand */
    const struct codec *(*codec)(void);
};

/* By the first four bytes of a file; NULL when they are not those of a compressed one. */
const struct packing *packing_of(uint32_t head);

struct unpack {
    const struct packing *packing;
    const struct codec *codec;
    void *state;
    uint8_t *block;
    size_t room;          /* of the block */
    struct cursor packed; /* unread bytes of the block */
    uint64_t added;       /* packed bytes of all blocks so far */
    bool between;         /* members: the file may end here */
    bool pending;         /* the codec may have more to give without being shown more */
    bool ended;           /* no more packed bytes come */
    const char *trouble;  /* why nothing more comes; NULL when the file ended as it should */
};

/* Takes over `block` with its unread bytes. False when memory is out: the block is still the caller's.
 * The codec of `packing` must be there. */
bool unpack_init(struct unpack *u, const struct packing *packing, uint8_t *block, size_t room,
                 struct slice unread);
void unpack_clear(struct unpack *u);

/* Unpacks what there is to at most `room` bytes; 0 when it wants more, or is over. */
size_t unpack_some(struct unpack *u, uint8_t *to, size_t room);

/* Nothing more comes out. */
bool unpack_over(const struct unpack *u);

/* To be called when unpack_some gave 0: the block may be filled anew, then unpack_add says how far.
 * 0 bytes: the file has ended. */
void unpack_add(struct unpack *u, size_t len);

/* Packed bytes that were used so far. */
uint64_t unpack_position(const struct unpack *u);

#endif
