# SPDX-License-Identifier: Apache-2.0
#
# run.sh [JOBS]: does a test fail when the code is wrong? Each *.patch here breaks one thing and names, in its first line,
# the ctest test that must notice ("core.handle: what is broken"). A copy of the tree is built
# once with ASan and UBSan; each patch is then applied, built, tested and taken back.
set -euo pipefail

jobs=${1:-2}
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

shopt -s nullglob
patches=("$here"/*.patch)
if [ ${#patches[@]} = 0 ]; then
  echo "mutants: there is none"
  exit 1
fi

tar -C "$source" --exclude=./build --exclude=./.git --exclude=./bench/out -cf - . | tar -C "$work" -xf -
cd "$work"
cmake --preset asan >log
survivors=0

tests_pass() { ctest --preset asan -R "^${1//./\\.}\$" >log 2>&1; }

for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  IFS=': ' read -r test _ <"$patch"
  cmake --build --preset asan -j "$jobs" >log 2>&1 || { cat log; echo "mutants: the tree does not build"; exit 1; }
  if ! tests_pass "$test"; then
    cat log
    verdict="INVALID: $test does not pass without it"
  elif ! patch -p1 --no-backup-if-mismatch <"$patch" >log 2>&1; then
    cat log
    verdict="INVALID: does not apply"
  elif ! cmake --build --preset asan -j "$jobs" >log 2>&1; then
    tail -30 log
    verdict="INVALID: does not build"
  elif tests_pass "$test"; then
    verdict="SURVIVED $test"
  else
    verdict="killed by $test"
  fi
  [[ $verdict = killed* ]] || survivors=$((survivors + 1))
  echo "$name: $verdict"
  # Taken back, so that the next build is a small one; one that did not apply changed nothing.
  if patch -p1 -R --dry-run <"$patch" >/dev/null 2>&1; then patch -p1 -R --no-backup-if-mismatch <"$patch" >/dev/null; fi
done

echo "mutants: ${#patches[@]} tried, $survivors not killed"
[ $survivors = 0 ]
