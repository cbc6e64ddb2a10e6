#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [JOBS] [NAME...]: does a test fail when the code is wrong? Each NAME.patch here breaks one thing and names, in
# its first line, the ctest test that must notice ("core.handles: what is broken"), and the preset where that is not dev
# ("core.port_iocp@mingw: ..."). In a copy of the tree, with builds of its own, that test is built and must pass; then
# each patch is applied, its test built again and run, and the files are put back. A patch that does not apply or build
# fails, and so does one whose test does not notice.
set -uo pipefail

jobs=${1:-2}
shift
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
finish() {
  [ ! -e "$work/build/mingw/wine" ] || "$work/cmake/wine-run" "$work/build/mingw/wine" --stop
  rm -rf "$work"
}
trap finish EXIT
seconds=60 # a mutant that hangs is noticed, too

shopt -s nullglob
patches=()
for name in "${@:-*}"; do patches+=("$here"/$name.patch); done
if [ ${#patches[@]} = 0 ]; then
  echo "mutants: there is none"
  exit 1
fi

tar -C "$source" --exclude=./build --exclude=./.git --exclude=./bench/out -cf - . | tar -C "$work" -xf -
cd "$work" || exit 1
mkdir build
# -w: what a mutant leaves unused is no matter.
export CC=gcc CFLAGS=-w

test_of() { sed -n '1s/[@:].*//p' "$1"; }
preset_of() { sed -n '1s/^[^:]*@\([a-z]*\):.*/\1/p' "$1"; }

# PRESET TEST; LAYER.NAME is made by the target LAYER_NAME, which may need plugins that all tests of the preset share.
build_test() {
  [ -e "build/$1/build.ninja" ] || cmake --preset "$1" >build/log 2>&1 || return
  cmake --build --preset "$1" -j "$jobs" --target "${2/./_}" >build/log 2>&1
}

# True if it ran and passed; "No tests were found" is no success.
test_passes() { ctest --preset "$1" --timeout $seconds --no-tests=error -R "^${2//./\\.}\$" >build/log 2>&1; }

files_of() { sed -n 's|^+++ b/||p' "$1"; }

declare -A sound # tests that pass without a patch
failed=0
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  test=$(test_of "$patch")
  preset=$(preset_of "$patch")
  preset=${preset:-dev}
  if [ -z "${sound[$test]-}" ] && build_test "$preset" "$test" && test_passes "$preset" "$test"; then sound[$test]=yes; fi
  if [ -z "${sound[$test]-}" ]; then
    tail -n 30 build/log
    verdict="INVALID: $test does not pass without it"
  elif ! patch -p1 --no-backup-if-mismatch <"$patch" >build/log 2>&1; then
    cat build/log
    verdict="INVALID: does not apply"
  elif ! build_test "$preset" "$test"; then
    tail -n 30 build/log
    verdict="INVALID: does not build"
  elif test_passes "$preset" "$test"; then
    verdict="SURVIVED $test"
  else
    verdict="killed by $test"
  fi
  [[ $verdict = killed* ]] || failed=$((failed + 1))
  echo "$name: $verdict"
  # Put back with a time of their own, so that they are built again; also what applied in part.
  while read -r file; do
    cp "$source/$file" "$file"
    rm -f "$file.rej" "$file.orig"
  done < <(files_of "$patch")
done

echo "mutants: $((${#patches[@]} - failed)) passed, $failed failed"
[ $failed = 0 ]
