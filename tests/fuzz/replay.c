/*
 * tests/fuzz/replay: runs a fuzz target on the seeds of a folder, without libFuzzer.
 * SPDX-License-Identifier: MIT
 *
 * Prints a TAP line a seed; a sanitizer stops the program at a finding.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define SEED_MAX (1024 * 1024)

static bool replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    uint8_t *bytes = malloc(SEED_MAX);
    size_t len = bytes ? fread(bytes, 1, SEED_MAX, f) : 0;
    bool ok = bytes && !ferror(f);
    fclose(f);
    /* An exact-size copy lets the sanitizer see the first byte read too far. */
    uint8_t *exact = ok ? malloc(len ? len : 1) : NULL;
    if (exact) {
        memcpy(exact, bytes, len);
        LLVMFuzzerTestOneInput(exact, len);
    }
    ok = exact != NULL;
    free(exact);
    free(bytes);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, NULL, alphasort);
    int number = 0;
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            bool ok = replay_file(path);
            printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, path);
            fflush(stdout);
            failed += !ok;
        }
        free(entries[i]);
    }
    free(entries);
    if (number == 0)
        printf("not ok 1 no seeds in %s\n", argv[1]);
    return failed || number == 0;
}
