#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [JOBS]: lets spin search every state of the models of this folder. A line is a model, what must come of it, and
# its switches; a model that is broken on purpose must fail, which shows that a search would see such a mistake.
set -uo pipefail

jobs=${1:-2}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

searches() {
  cat <<'LIST'
baton holds
baton holds -DTIMED
baton holds -DIMPATIENT=0 -DNUDGE
baton fails -DBREAK_DEKKER
baton fails -DBREAK_RELEASE
baton fails -DBREAK_NAP
baton fails -DBREAK_HEIR
baton fails -DIMPATIENT=0 -DNUDGE -DBREAK_NUDGE
endpoint holds -DCANCEL -DREADY -DOPS=2
endpoint holds -DCANCEL -DREADY -DTHREAD
endpoint holds -DCLOSE -DCANCEL
endpoint holds -DCLOSE -DREADY -DTHREAD
endpoint holds -DLISTENER -DCLOSE -DREADY
endpoint fails -DLISTENER -DCLOSE -DBREAK_CANCEL
endpoint fails -DCLOSE -DBREAK_CLAIM
endpoint fails -DCLOSE -DBREAK_CLOSE
endpoint fails -DCANCEL -DREADY -DTHREAD -DBREAK_COMPLETE
LIST
}

# A search that fails ends early: compiling it takes longer.
optimise() { [ "$1" = holds ] && echo -Og || echo -O0; }

search() { # MODEL VERDICT SWITCH...
  local model=$1 wanted=$2 found folder states
  shift 2
  folder=$(mktemp -d "$work/XXXXXX")
  cd "$folder" || return 1
  if ! { spin -a "$@" "$here/$model.pml" && gcc $(optimise "$wanted") -w -DSAFETY -o pan pan.c; } >log 2>&1; then
    cat log
    found="does not build"
  else
    # -m: how deep a search may go; reaching that bound, or running out of memory, proves nothing.
    ./pan -m100000 -w24 >log 2>&1
    found=unclear
    if grep -q 'errors: [1-9]' log; then found=fails; fi
    if grep -q 'errors: 0$' log && ! grep -qE 'max search depth|out of memory|aborted' log; then found=holds; fi
    # An error must be one of the protocol, not one of the model.
    if [ $found = fails ] && ! grep -qE 'assertion violated|invalid end state' log; then found=unclear; fi
  fi
  states=$(awk '/states, stored/ { print $1 }' log)
  printf '%-9s %-60s %-6s %9s states\n' "$model" "$*" "$found" "${states:-0}"
  [ "$found" = "$wanted" ] && return
  sed '/^unreached in/,$d' log
  # The steps that lead to the mistake.
  if [ -f "$model.pml.trail" ]; then spin -t -p -k "$model.pml.trail" "$@" "$here/$model.pml" | tail -n 60; fi
  return 1
}

if [ "${2-}" = --search ]; then
  shift 2
  search "$@"
  exit
fi

searches | xargs -P "$jobs" -L 1 bash "${BASH_SOURCE[0]}" "$jobs" --search
status=$?
[ $status = 0 ] && verdict="all as they must be" || verdict="NOT all as they must be"
echo "models: $(searches | wc -l) searches, $(searches | grep -c ' fails ') of them for a mistake, $verdict"
exit $status
