#!/usr/bin/env bash
# usage: arrows.sh INCLUDE_DIR
# Which room may include which, where foreign headers may be included, and that strata.hpp is complete.
set -euo pipefail
cd "$1"

declare -A may_include=(
    [core]="core"
    [kernels]="core kernels"
    [layers]="core kernels layers"
    [network]="core kernels layers network"
    [loss]="core loss"
    [optim]="core optim"
    [data]="core data"
    [io]="core io"
    [distributed]="core distributed"
    [train]="core kernels layers network loss optim data io train"
)
# Headers of other libraries: the only strata header that may include them.
declare -A only_in=(
    [xtensor]="strata/core/tensor.hpp"
    [xtl]="strata/core/tensor.hpp"
    [xtensor-blas]="strata/kernels/gemm.hpp"
    [xflens]="strata/kernels/gemm.hpp"
    [xsimd]="strata/core/simd.hpp"
)

mistakes=0
mistake() {
    echo "$*"
    mistakes=$((mistakes + 1))
}

headers=0
while IFS= read -r file; do
    headers=$((headers + 1))
    room=${file#strata/}
    room=${room%%/*}
    if [[ $file == strata/strata.hpp ]]; then
        continue
    elif [[ -z ${may_include[$room]:-} ]]; then
        mistake "$file: '$room' is not a room"
        continue
    fi
    grep -qxF "#include <$file>" strata/strata.hpp || mistake "strata/strata.hpp: does not include <$file>"

    while IFS=: read -r line include; do
        quote=${include:0:1}
        target=${include:1}
        first=${target%%/*}
        if [[ $quote == '"' ]]; then
            mistake "$file:$line: includes \"$target\"; write <strata/...>"
        elif [[ $first == strata ]]; then
            [[ -f $target ]] || mistake "$file:$line: <$target> does not exist"
            to=${target#strata/}
            to=${to%%/*}
            [[ " ${may_include[$room]} " == *" $to "* ]] || mistake "$file:$line: $room may not include <$target>"
        elif [[ -n ${only_in[$first]:-} && ${only_in[$first]} != "$file" ]]; then
            mistake "$file:$line: <$target> belongs in ${only_in[$first]} alone"
        fi
    done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"][^>"]+)[>"].*/\1/; T; =; p' "$file" |
        paste -d: - -)
done < <(find strata -name '*.hpp' | sort)

while IFS= read -r file; do
    [[ -f $file ]] || mistake "strata/strata.hpp: <$file> does not exist"
done < <(sed -nE 's/^#include <(strata[^>]*)>.*/\1/p' strata/strata.hpp)

echo "$headers headers, $mistakes mistakes"
[[ $headers -gt 0 && $mistakes -eq 0 ]]
