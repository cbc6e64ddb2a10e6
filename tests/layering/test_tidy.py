# SPDX-License-Identifier: Apache-2.0
"""That tidy.py, which tools/check runs over the tree, sees what it should: a file for each group of checks."""

import json
import unittest

import tidy
import tree

GOOD = "int good(int x);\nint good(int x) {\n  return x;\n}\n"
WRONG = {
    "bugprone-sizeof-expression": "unsigned long f(int x);\nunsigned long f(int x) { return sizeof(sizeof(x)); }\n",
    "cert-err34-c": "#include <stdlib.h>\nint f(const char *s);\nint f(const char *s) { return atoi(s); }\n",
    "clang-analyzer-core.NullDereference": "int f(int *p);\nint f(int *p) { return p == 0 ? *p : 1; }\n",
    "misc-redundant-expression": "int f(int x);\nint f(int x) { return x == x; }\n",
}


def violations(files):
    contents = {".clang-tidy": tree.read(tree.root(), ".clang-tidy"), **files}
    with tree.Sample(contents) as top:
        commands = [{"directory": str(top), "file": str(top / name), "arguments": ["clang-14", "-c", str(top / name)]}
                    for name in files if name.endswith(".c")]
        (top / "compile_commands.json").write_text(json.dumps(commands), encoding="utf-8")
        return tidy.violations(top)


class SelfTest(unittest.TestCase):
    def test_clean(self):
        self.assertEqual(violations({"core/good.c": GOOD}), ([], 1))

    def test_each_group(self):
        files = {f"core/wrong{i}.c": text for i, text in enumerate(WRONG.values())}
        found, count = violations(files)
        self.assertEqual(count, len(WRONG))
        for check in WRONG:
            self.assertTrue(any(check in line for line in found), (check, found))

    def test_headers_too(self):
        found, _ = violations({"core/x.h": WRONG["misc-redundant-expression"].replace("int f", "static int f"),
                               "core/x.c": '#include "x.h"\nint g(void);\nint g(void) { return f(1); }\n'})
        self.assertTrue(any("core/x.h" in line for line in found), found)


if __name__ == "__main__":
    unittest.main()
