#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# PLG-1: the transport that docs/writing-a-transport.md shows in full compiles as it stands there, against the one header
# and without a warning, exports one symbol, needs nothing of hawser, and is let in.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"

fail() {
  echo "test_guide: $1" >&2
  exit 1
}

# The first block of C in the guide.
sed -n '/^```c$/,/^```$/p' "$HAWSER_SOURCE/docs/writing-a-transport.md" | sed '1d;/^```$/,$d' >"$folder/null.c"
grep -q hws_plugin_v1 "$folder/null.c" || fail "the guide's first block of C is not a whole plugin"

"${HAWSER_CC:-cc}" -std=gnu11 -Wall -Wextra -Wconversion -Wshadow -Werror -shared -fPIC -fvisibility=hidden -Wl,-z,defs \
  -I "$HAWSER_SOURCE/plugins" -o "$folder/null.so" "$folder/null.c"

symbols=$(nm -D --defined-only "$folder/null.so" | awk '{print $3}')
[ "$symbols" = hws_plugin_v1 ] || fail "exported: $symbols"
needed=$(objdump -p "$folder/null.so" | awk '$1 == "NEEDED" {print $2}' | grep -v '^libc\.so' || true)
[ -z "$needed" ] || fail "linked with: $needed"

shown=$("$HAWSER_BUILD/bin/hawser" plugin show "$folder/null.so") || fail "refused: $shown"
for word in "null" "1.0.0" "$folder/null.so" "dial half-close revoke"; do
  grep -qF -- "$word" <<<"$shown" || fail "'$word' is not in: $shown"
done
echo "ok"
