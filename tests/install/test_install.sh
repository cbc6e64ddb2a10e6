# SPDX-License-Identifier: Apache-2.0
#
# Installs into one folder, moves that to another, and there builds and runs a program by pkg-config and one by CMake's
# find_package. Nothing of the source or build tree is left in sight but the consumer's own file.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/moved

fail() {
  echo "install: $*" >&2
  exit 1
}

cmake --install "$HAWSER_BUILD" --prefix "$work/first" >"$work/log" || fail "$(cat "$work/log")"
mv "$work/first" "$prefix"

for file in include/hawser.h include/hawser_decl.h include/hawser_plugin.h lib/libhawser.so lib/libhawser.so.0 \
  lib/hawser/plugins/memory.so lib/hawser/plugins/unix_epoll.so lib/pkgconfig/hawser.pc \
  lib/cmake/hawser/hawserConfig.cmake lib/cmake/hawser/hawserConfigVersion.cmake lib/cmake/hawser/hawserTargets.cmake \
  bin/hawser share/doc/hawser/README.md share/doc/hawser/LICENSE share/doc/hawser/CHANGELOG.md; do
  [ -e "$prefix/$file" ] || fail "$file is missing"
done
if grep -rIl -e "$HAWSER_SOURCE" -e "$work/first" "$prefix/lib/pkgconfig" "$prefix/lib/cmake" "$prefix/include"; then
  fail "these name the folder that they were built or installed in"
fi

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
cp -r "$HAWSER_SOURCE/tests/install/consumer" "$work/consumer"
cd "$work"

run() { # PROGRAM: both transports are found beside the library that it loads
  LD_LIBRARY_PATH=$prefix/lib "$1" mem://install | grep -qx 'hello over mem://install' || fail "$1 over mem://"
  LD_LIBRARY_PATH=$prefix/lib "$1" "unix://$work/socket" | grep -qx "hello over unix://$work/socket" ||
    fail "$1 over unix://"
}

[ "$(pkg-config --modversion hawser)" = 0.1.0 ] || fail "pkg-config has another version"
[ -e "$(pkg-config --variable=plugindir hawser)/memory.so" ] || fail "pkg-config's plugindir has no plugins"
# shellcheck disable=SC2046 # the flags are words
"$HAWSER_CC" -std=c11 -Wall -Wextra -Werror -o by_pkg_config consumer/consumer.c $(pkg-config --cflags --libs hawser)
run ./by_pkg_config

cmake -S consumer -B by_cmake -G Ninja -DCMAKE_C_COMPILER="$HAWSER_CC" -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1 &&
  cmake --build by_cmake >>log 2>&1 || fail "$(cat log)"
run by_cmake/consumer
sed -i 's/find_package(hawser 0.1/find_package(hawser 0.2/' consumer/CMakeLists.txt
if cmake -S consumer -B too_new -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1; then
  fail "find_package accepts a version that is not there"
fi
tr -s '\n ' ' ' <log | grep -q 'compatible with requested version "0.2"' || fail "find_package failed otherwise: $(cat log)"

# The program finds its library, and the library its plugins, with nothing in the environment.
env -u LD_LIBRARY_PATH "$prefix/bin/hawser" plugin list >plugins || fail "hawser plugin list failed"
grep -q memory plugins && grep -q unix_epoll plugins || fail "plugin list: $(cat plugins)"
