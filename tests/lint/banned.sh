#!/bin/sh
# Functions that have no place here: unbounded, stateful, or tied to the locale and the shell.
set -u
cd "$(dirname "$0")/../.." || exit 1
banned='strcpy|strcat|sprintf|vsprintf|strncpy|strncat|strtok|strtok_r|atoi|atol|atof|gets|rand|srand|localtime|gmtime|ctime|asctime|alloca|system|popen|tmpnam|mktemp|ntohs|ntohl|htons|htonl'
if grep -nE "(^|[^A-Za-z0-9_.>])($banned) *\(" include/*/*.h src/*/*.[ch]; then
    echo "banned functions: use the bounded ones of base"
    exit 1
fi
exit 0
