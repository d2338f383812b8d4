#!/usr/bin/env bash
# usage: fragments.sh DOCUMENT FILE...
# Every piece of inline code in the document with a brace or a bracket of a template in it stands in one of the
# files, in whatever lines: what is shown is what is compiled.
set -euo pipefail
document=$1
shift

flat() { sed 's, *//.*,,' "$@" | tr -s ' \n' ' '; }
sources=$(flat "$@")

status=0 count=0
while read -r fragment; do
    count=$((count + 1))
    if [[ $sources != *"$fragment"* ]]; then
        echo "$document has \`$fragment\`, which is in none of the files"
        status=1
    fi
done < <(grep -o '`[^`]*[{<][^`]*`' "$document" | tr -d '`')
echo "$document: $count fragments"
exit $status
