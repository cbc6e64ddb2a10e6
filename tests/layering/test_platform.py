# SPDX-License-Identifier: Apache-2.0
"""Platforms differ in whole files, named for their platform, and never by #if inside shared code."""

import re
import unittest

import tree

# A word of a file's or folder's name, between underscores, that names a platform.
NAMED = {"epoll", "posix", "linux", "unix", "iocp", "win32", "afd", "npipe", "sim"}
MACROS = re.compile(
    r"\b(_WIN(32|64)|WIN(32|64)|_MSC_VER|__MINGW(32|64)__|__CYGWIN__|(__)?linux(__)?|__gnu_linux__|(__)?unix(__)?|"
    r"__APPLE__|__MACH__|__(Free|Net|Open)BSD__|__DragonFly__|__sun|__ANDROID__|__GLIBC__)(?!\w)")
HEADERS = re.compile(r"#\s*include\s*<(windows\.h|winsock2?\.h|ws2tcpip\.h|mswsock\.h|io\.h|"
                     r"sys/(epoll|eventfd|timerfd|signalfd|inotify)\.h|linux/.*|sys/event\.h)>")
CONDITION = re.compile(r"#\s*(if|ifdef|ifndef|elif|elifdef|elifndef)\b")
# What every compiler on every system reads; it has one word for what is exported.
PUBLIC = {"plugins/hawser_plugin.h"}
# The library itself keeps a platform's headers out of shared code too; tests and tools are programs of this platform.
LIBRARY = {"abi", "core", "plugins", "transports"}


def is_named(path):
    words = [word for part in (*path.parts[:-1], path.stem) for word in part.split("_")]
    return not NAMED.isdisjoint(words)


def violations(top):
    found = []
    for path in tree.files(top):
        if is_named(path):
            continue
        for number, line in tree.directives(tree.read(top, path)):
            macro = MACROS.search(line) if CONDITION.match(line) and path.as_posix() not in PUBLIC else None
            header = HEADERS.match(line) if path.parts[0] in LIBRARY else None
            if macro:
                found.append(f"{path}:{number}: asks for {macro.group(1)} in a file that is not named for a platform")
            if header:
                found.append(f"{path}:{number}: includes <{header.group(1)}> in a file that is not named for a platform")
    return found


class Tree(unittest.TestCase):
    def test_shared_code_names_no_platform(self):
        self.assertEqual(violations(tree.root()), [])


class SelfTest(unittest.TestCase):
    def judge(self, path, text):
        with tree.Sample({path: text}) as top:
            return violations(top)

    def test_conditions(self):
        for line in ("#ifdef _WIN32", "#ifndef __linux__", "#if defined(__unix__)", "#  if X && defined __APPLE__",
                     "#if X\n#elif __linux__\n#endif", "#if X && \\\n  defined(_WIN64)", "#if /* why */ linux"):
            self.assertEqual(len(self.judge("core/op.c", line + "\n")), 1, line)

    def test_headers(self):
        for line in ("#include <sys/epoll.h>", "#include <windows.h>", "# include <linux/futex.h>"):
            self.assertEqual(len(self.judge("core/op.c", line + "\n")), 1, line)
            self.assertEqual(self.judge("tests/core/test_op.c", line + "\n"), [])

    def test_files_named_for_a_platform(self):
        for path in ("core/loop_epoll.c", "core/wait_linux.h", "plugins/load_win32.c", "transports/unix_epoll/listen.c"):
            self.assertEqual(self.judge(path, "#include <sys/epoll.h>\n#ifdef __linux__\n#endif\n"), [])
        self.assertEqual(len(self.judge("core/unixes.c", "#ifdef __linux__\n#endif\n")), 1)

    def test_public_header(self):
        self.assertEqual(self.judge("plugins/hawser_plugin.h", "#if defined(_WIN32)\n#endif\n"), [])
        self.assertEqual(len(self.judge("plugins/hawser_plugin.h", "#include <windows.h>\n")), 1)

    def test_harmless(self):
        for line in ("#ifdef __cplusplus", "#if defined(__GNUC__)", "/* #ifdef _WIN32 */", "#define linux 1",
                     'const char *s = "__linux__";', "#if defined(__x86_64__)", "#ifdef my_linux_thing"):
            self.assertEqual(self.judge("core/op.c", line + "\n"), [], line)


if __name__ == "__main__":
    unittest.main()
