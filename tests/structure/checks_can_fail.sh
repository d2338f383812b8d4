#!/usr/bin/env bash
# usage: checks_can_fail.sh COMPILE_COMMAND...
# The checks of the tree are shown trees with one mistake each, and must name it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# A small tree without a mistake.
write() { printf "%s\n" "${@:2}" >"$tree/strata/$1"; }
fresh() {
    rm -rf "$tree/strata"
    mkdir -p "$tree"/strata/{core,kernels,layers,loss}
    write core/tensor.hpp '#pragma once' '#include <xtensor/xtensor.hpp>'
    write kernels/gemm.hpp '#pragma once' '#include <strata/core/tensor.hpp>' '#include <xflens/cxxblas/cxxblas.h>'
    write layers/dense.hpp '#pragma once' '#include <strata/kernels/gemm.hpp>'
    write loss/hinge.hpp '#pragma once' '#include <strata/core/tensor.hpp>'
    write strata.hpp '#pragma once' '#include <strata/core/tensor.hpp>' '#include <strata/kernels/gemm.hpp>' \
        '#include <strata/layers/dense.hpp>' '#include <strata/loss/hinge.hpp>'
}
# expect NAME STATUS TEXT COMMAND...: the command exits with this status (0 or 1) and prints the text.
expect() {
    local name=$1 want=$2 text=$3 status=0 output
    shift 3
    output=$("$@" 2>&1) || status=1
    if [[ $status -ne $want || $output != *"$text"* ]]; then
        echo "FAILED $name: status $status, wanted $want and \"$text\", got: $output"
        failures=$((failures + 1))
    else
        echo "ok     $name"
    fi
}
arrows() { "$here/arrows.sh" "$tree"; }

fresh
expect "a sound tree" 0 "0 mistakes" arrows
fresh
write core/tensor.hpp '#include <strata/layers/dense.hpp>'
expect "core looks at layers" 1 "strata/core/tensor.hpp:1: core may not include <strata/layers/dense.hpp>" arrows
fresh
write loss/hinge.hpp '// a loss' '#  include   <strata/kernels/gemm.hpp>'
expect "loss looks at kernels" 1 "strata/loss/hinge.hpp:2: loss may not include <strata/kernels/gemm.hpp>" arrows
fresh
write layers/dense.hpp '#include <strata/strata.hpp>'
expect "a header includes the umbrella" 1 "layers may not include <strata/strata.hpp>" arrows
fresh
write layers/dense.hpp '#include <xtensor/xview.hpp>'
expect "xtensor outside its header" 1 "<xtensor/xview.hpp> belongs in strata/core/tensor.hpp alone" arrows
fresh
write core/tensor.hpp '#include <xtensor-blas/xlinalg.hpp>'
expect "xtensor-blas outside its header" 1 "belongs in strata/kernels/gemm.hpp alone" arrows
fresh
write layers/dense.hpp '#include "../kernels/gemm.hpp"'
expect "a relative include" 1 'includes "../kernels/gemm.hpp"' arrows
fresh
write layers/relu.hpp '#pragma once'
expect "a header missing from the umbrella" 1 "does not include <strata/layers/relu.hpp>" arrows
fresh
rm "$tree/strata/loss/hinge.hpp"
expect "the umbrella includes nothing real" 1 "<strata/loss/hinge.hpp> does not exist" arrows
fresh
mkdir "$tree/strata/misc"
write misc/helpers.hpp '#pragma once'
expect "a room nobody planned" 1 "'misc' is not a room" arrows

if [[ $# -gt 0 ]]; then
    alone() { "$@" -fsyntax-only -I"$tree" -include strata/core/alone.hpp -include strata/core/alone.hpp -x c++ /dev/null; }
    fresh
    write core/alone.hpp '#pragma once' '#include <vector>' 'inline std::vector<int> v;'
    expect "a header that compiles alone" 0 "" alone "$@"
    write core/alone.hpp '#pragma once' 'inline std::vector<int> v;'
    expect "a header that forgets an include" 1 "error" alone "$@"
    write core/alone.hpp 'struct s {};'
    expect "a header without pragma once" 1 "redefinition" alone "$@"
    write core/alone.hpp '#pragma once' 'inline int narrow(long x) { return x; }'
    expect "a header with a warning" 1 "onversion" alone "$@"
    linked() {
        printf '#include <strata/core/alone.hpp>\n' >"$tree/other.cpp"
        printf '#include <strata/core/alone.hpp>\nint main() { return f(); }\n' >"$tree/main.cpp"
        "$@" -I"$tree" "$tree/main.cpp" "$tree/other.cpp" -o "$tree/linked"
    }
    write core/alone.hpp '#pragma once' 'inline int f() { return 0; }'
    expect "two units that link" 0 "" linked "$@"
    write core/alone.hpp '#pragma once' 'int f() { return 0; }'
    expect "two units with a function that is not inline" 1 "multiple definition" linked "$@"
fi
[[ $failures -eq 0 ]]
