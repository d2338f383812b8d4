#!/usr/bin/env bash
# Tests scripts/cifar10_from_png on a small sheet. Needs a compiler and libpng, as scripts/fetch does for its second
# source of CIFAR-10; without libpng's header it is skipped.
set -euo pipefail

source=$(cd "$(dirname "$0")/../.." && pwd)/scripts/cifar10_from_png.cpp
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

read -ra compiler <<< "${CXX:-c++}"
echo '#include <png.h>' | "${compiler[@]}" -E -x c++ - > /dev/null 2>&1 || { echo "png.h is missing"; exit 77; }
"${compiler[@]}" -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Werror -o cifar10_from_png "$source" -lpng

# Three images: channel c of pixel p of image i is 100 i + (c + 1) p + 50 (p / 256), modulo 256.
base64 -d > sheet.png <<'PNG'
iVBORw0KGgoAAAANSUhEUgAABAAAAAADCAIAAACCpOppAAAAQUlEQVR42u3VAQ0AIAwDwQ0kAY4mdrIQsktOQfNJMyJybZjp3GcE9A/6h1mq
ygo4ANA/6B+m6G4r4ABA/6B/GOIDjnFQvKN61yYAAAAASUVORK5CYII=
PNG
base64 -d > narrow.png <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAAAgAAAABCAIAAABsYngUAAAAEElEQVR42mNkYGBgZGLGRAAB8gAsAqOyTAAAAABJRU5ErkJggg==
PNG
head -c 100 sheet.png > short.png
echo '[9, 9, 5, 0, 3]' > labels.json

failed=0
fails() { # what the message says, and arguments
    local what=$1 message
    shift
    if message=$(./cifar10_from_png "$@" 2>&1 > output) || [[ $message != *"$what"* ]] || [[ -s output ]]; then
        echo "FAILED: $*: \"$message\", expected ...\"$what\"... and no output"
        failed=1
    fi
}

./cifar10_from_png sheet.png labels.json 2 > output
od -An -v -tu1 -w1 output | awk '
    BEGIN { split("5 0 3", label) }
    {
        i = int((NR - 1) / 3073); at = (NR - 1) % 3073; c = int((at - 1) / 1024); p = (at - 1) % 1024
        expected = at == 0 ? label[i + 1] : (100 * i + (c + 1) * p + 50 * int(p / 256)) % 256
        if ($1 != expected) { print "FAILED: byte " at " of record " i " is " $1 ", expected " expected; exit 1 }
    }
    END { if (NR != 3 * 3073) { print "FAILED: " NR " bytes, expected " 3 * 3073; exit 1 } }' || failed=1

fails "labels.json: has 5 labels, 6 are needed" sheet.png labels.json 3
fails "narrow.png: is 8 pixels wide, expected 1024" narrow.png labels.json 0
fails "labels.json: " labels.json labels.json 0
fails "short.png: " short.png labels.json 0
fails "nowhere.png: " nowhere.png labels.json 0
fails "nowhere.json: cannot be read" sheet.png nowhere.json 0
fails "usage: cifar10_from_png SHEET LABELS FIRST > FILE" sheet.png

if ((failed)); then exit 1; fi
echo "scripts/cifar10_from_png: all checks passed"
