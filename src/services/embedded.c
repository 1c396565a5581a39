/*
 * services/embedded: the list that is part of the program.
 * SPDX-License-Identifier: MIT
 *
 * The document is taken in as it is and read like a user's file, so that both obey the same rules. The
 * path is from the root of the source tree, where the compiler runs.
 */
#include "services/services.h"

__asm__(".pushsection .rodata\n"
        ".hidden services_embedded_begin\n"
        ".globl services_embedded_begin\n"
        "services_embedded_begin:\n"
        ".incbin \"src/services/required.json\"\n"
        ".hidden services_embedded_end\n"
        ".globl services_embedded_end\n"
        "services_embedded_end:\n"
        ".popsection\n");

extern const uint8_t services_embedded_begin[];
extern const uint8_t services_embedded_end[];

struct service_list *services_embedded(struct err *err)
{
    size_t len = (size_t)((uintptr_t)services_embedded_end - (uintptr_t)services_embedded_begin);
    return services_load(slice_of(services_embedded_begin, len), "embedded", err);
}
