#!/bin/sh
# Checks the code's includes against layers.txt: one direction of knowledge, one file a library.
set -u
here=$(dirname "$0")
root=$here/../..
cd "$root" || exit 1
table=tests/lint/layers.txt
bad=0

complain() {
    echo "$1"
    bad=1
}

# Files may include their own layer's headers and those of the layers named in the table.
for file in include/*/*.h src/*/*.[ch]; do
    [ -f "$file" ] || continue
    layer=$(echo "$file" | cut -d/ -f2)
    allowed=$(sed -n "s/^$layer:\(.*\)/\1/p" "$table")
    grep -q "^$layer:" "$table" || complain "$file: layer '$layer' is not in $table"
    for target in $(sed -n 's/^#include "\([a-z0-9_]*\)\/.*"/\1/p' "$file" | sort -u); do
        case " $layer $allowed " in
        *" $target "*) ;;
        *) complain "$file: layer '$layer' may not include '$target'" ;;
        esac
    done
done

# Foreign libraries stand behind the files of the table; no public header includes one.
libraries=$(sed -n 's/^lib \([^:]*\):.*/\1/p' "$table")
for library in $libraries; do
    allowed=$(sed -n "s|^lib $library:\(.*\)|\1|p" "$table")
    for file in $(grep -lE "^#include <$library" include/*/*.h src/*/*.[ch]); do
        case " $allowed " in
        *" $file "*) ;;
        *) complain "$file: only$allowed may include <$library...>" ;;
        esac
    done
done

exit $bad
