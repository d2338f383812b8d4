#!/usr/bin/env bash
# usage: check_can_fail.sh COMPILE_COMMAND...
# check.sh is shown files that break its rules, and must refuse each.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect NAME STATUS TEXT COMPILE_COMMAND... <FILE
expect() {
    local name=$1 want=$2 text=$3 status=0 output
    shift 3
    cat >"$folder/case.cpp"
    output=$("$here/check.sh" "$folder/case.cpp" "$@" 2>&1) || status=1
    if [[ $status -ne $want || $output != *"$text"* ]]; then
        echo "FAILED $name: status $status, wanted $want and \"$text\", got: $output"
        failures=$((failures + 1))
    else
        echo "ok     $name"
    fi
}

expect "the expected error" 0 "" "$@" <<'C'
// expect: apples only
#ifndef CORRECTED
static_assert(sizeof(int) == 1, "apples only");
#endif
C
expect "another error than the expected one" 1 "no error says: apples only" "$@" <<'C'
// expect: apples only
#ifndef CORRECTED
static_assert(sizeof(int) == 1, "pears only");
#endif
C
expect "the text is in the source, but not in an error" 1 "no error says: apples only" "$@" <<'C'
// expect: apples only
#ifndef CORRECTED
const char* text = "apples only" + nothing;
#endif
C
expect "a text that is shown" 0 "" "$@" <<'C'
// expect: apples only
// shows: counter<7>
template <int N> struct counter { static_assert(N == 0, "apples only"); };
#ifndef CORRECTED
counter<7> c;
#endif
C
expect "a text that is not shown" 1 "does not show: counter<8>" "$@" <<'C'
// expect: apples only
// shows: counter<8>
template <int N> struct counter { static_assert(N == 0, "apples only"); };
#ifndef CORRECTED
counter<7> c;
#endif
C
expect "a program that compiles" 1 "compiles, and must not" "$@" <<'C'
// expect: apples only
C
expect "a mistake that is not the only one" 1 "does not compile with its mistake corrected" "$@" <<'C'
// expect: apples only
static_assert(sizeof(int) == 1, "apples only");
C
expect "no expectation" 1 "has no '// expect: ' line" "$@" <<'C'
int x;
C
[[ $failures -eq 0 ]]
