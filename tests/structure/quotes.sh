#!/usr/bin/env bash
# usage: quotes.sh DOCUMENT FILE...
# Every FILE stands in the document, whole, as a fenced block of C++: what is shown is what is compiled.
set -euo pipefail
document=$1
shift

status=0
for file in "$@"; do
    if awk -v file="$file" '
        BEGIN { while ((getline line < file) > 0) wanted = wanted line "\n" }
        /^```cpp$/ { inside = 1; block = ""; next }
        /^```$/ { if (inside && block == wanted) found = 1; inside = 0; next }
        inside { block = block $0 "\n" }
        END { exit !(found && wanted != "") }' "$document"; then
        echo "$document quotes $file"
    else
        echo "$document does not quote $file as it is"
        status=1
    fi
done
exit $status
