#!/usr/bin/env bash
# usage: check.sh FILE COMPILE_COMMAND...
# FILE must not compile, and says in its first lines what the compiler must say:
#     // expect: dense expects a flat input     in an error
#     // shows: shape{24, 24, 32}               anywhere in the output
# With -DCORRECTED it must compile: the mistake, and nothing else, is what the compiler objects to.
# A file that begins with `// expect: nothing` has no mistake at all.
set -euo pipefail
export LC_ALL=C
file=$1
shift

compiles() { output=$("$@" -fsyntax-only "$file" 2>&1); }

mapfile -t errors < <(sed -nE 's|^// expect: (.*)|\1|p' "$file")
mapfile -t texts < <(sed -nE 's|^// shows: (.*)|\1|p' "$file")
if [[ ${#errors[@]} -eq 0 ]]; then
    echo "$file has no '// expect: ' line"
    exit 1
fi
if ! compiles "$@" -DCORRECTED; then
    echo "$file does not compile with its mistake corrected:"
    echo "$output"
    exit 1
fi
[[ ${errors[0]} == nothing ]] && exit 0

if compiles "$@"; then
    echo "$file compiles, and must not"
    exit 1
fi
status=0
for text in "${errors[@]}"; do
    if ! grep -F "error:" <<<"$output" | grep -qF -- "$text"; then
        echo "no error says: $text"
        status=1
    fi
done
for text in "${texts[@]}"; do
    if ! grep -qF -- "$text" <<<"$output"; then
        echo "the output does not show: $text"
        status=1
    fi
done
[[ $status -eq 0 ]] || echo "$output"
exit $status
