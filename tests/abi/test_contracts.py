# SPDX-License-Identifier: Apache-2.0
"""ABI-6: the errors that hawser_decl.h documents are those that come.

core_contracts brings errors about, a row each, and notes them. What a comment documents and no row brings about is named
here, with the test that does; what a row brings about has to be documented.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import headers

BUILD = Path(os.environ["HAWSER_BUILD"])

# That any function may answer (the head of the header).
ANYWHERE = {"HWS_E_HANDLE", "HWS_E_FORKED", "HWS_E_INVAL", "HWS_E_NOMEM"}

# Documented, and brought about elsewhere.
ELSEWHERE = {
    "hws_runtime_open": {"HWS_E_LIMIT": "core.descriptors", "HWS_E_UNSUPPORTED": "a kernel before 4.14"},
    "hws_runtime_join": {"HWS_E_DEADLINE": "core.join", "HWS_E_BUSY": "core.join", "HWS_E_PLUGIN": "plugins.faults",
                         "HWS_E_TIMEOUT": "core.names", "HWS_E_CLOSED": "core.join_closes, of what it ends"},
    "hws_queue_wait": {"HWS_E_INTERRUPTED": "core.signals_posix", "HWS_E_CLOSED": "core.queue"},
    "hws_queue_waitable": {"HWS_E_LIMIT": "faults.descriptors"},
    "hws_scope_cancel": {"HWS_E_CANCELED": "core.scope"},
    "hws_cancel": {"HWS_E_CANCELED": "core.cancel"},
    "hws_listen": {"HWS_E_PLUGIN": "plugins.runtime", "HWS_E_UNSUPPORTED": "plugins.runtime",
                   "HWS_E_LIMIT": "faults.descriptors", "HWS_E_ACCESS": "transports.unix_core",
                   "HWS_E_IO": "transports.tcp_listen", "HWS_E_CLOSED": "core.close"},
    "hws_dial": {"HWS_E_BUSY": "core.contracts, of the ops of its stream", "HWS_E_RESET": "core.close"},
    "hws_accept": {"HWS_E_BUSY": "core.contracts, of the ops of its stream", "HWS_E_LIMIT": "faults.descriptors",
                   "HWS_E_IO": "faults.descriptors"},
    "hws_open": {"HWS_E_LIMIT": "mux.open", "HWS_E_REFUSED": "mux.native_limits"},
    "hws_sendfile": {name: "core.sendfile" for name in ("HWS_E_AGAIN", "HWS_E_ACCESS", "HWS_E_LIMIT", "HWS_E_IO")},
    "hws_acquire": {"HWS_E_LIMIT": "mux.lease"},
    "hws_shutdown": {"HWS_E_UNSUPPORTED": "transports.npipe_core_iocp"},
    "hws_reset": {"HWS_E_CANCELED": "mux.ends", "HWS_E_RESET": "mux.native"},
    "hws_stop": {"HWS_E_CANCELED": "mux.native", "HWS_E_RESET": "mux.native"},
    "hws_close": {"HWS_E_CLOSED": "core.close", "HWS_E_CANCELED": "core.close", "HWS_E_DEADLINE": "core.close",
                  "HWS_E_TIMEOUT": "mux.parting", "HWS_E_LIMIT": "core.leave", "HWS_E_RESET": "mux.native_peer"},
    "hws_detail_of": {"HWS_E_EOF": "mux.directions", "HWS_E_CLOSED": "mux.directions"},
}


# Whose comments name statuses as examples.
NOT_CALLS = {"hws_status_name", "hws_status_text"}


def documented():
    """The errors in the comment right above each function, and the functions whose errors it refers to."""
    found = {}
    alike = {}
    text = headers.DECL.read_text()
    for comment, code in re.findall(r"/\*(.*?)\*/\s*((?:(?!/\*).)*)", text, re.S):
        for name in re.findall(r"\b(hws_\w+)\(", code):
            found[name] = set() if name in NOT_CALLS else set(re.findall(r"HWS_E_\w+", comment))
            alike[name] = set(re.findall(r"[Ee]rrors as (hws_\w+)", comment))
    return found, alike


def brought_about():
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "rows")
        subprocess.run([BUILD / "tests/core_contracts"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=os.environ | {"HAWSER_TEST_ROWS": str(notes)})
        for line in notes.read_text().splitlines():
            function, status = line.split()
            found.setdefault(function, set()).add(status)
    return found


class Contracts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documented, cls.alike = documented()
        cls.rows = brought_about()

    def test_every_function_has_a_comment(self):
        text = headers.DECL.read_text()
        functions = set(re.findall(r"\b(hws_\w+)\(", re.sub(r"/\*.*?\*/", "", text, flags=re.S)))
        self.assertEqual(functions - set(self.documented), set())

    def test_what_comes_is_documented(self):
        wrong = {}
        for name, rows in self.rows.items():
            known = self.documented[name].union(ANYWHERE, *(self.documented[other] for other in self.alike[name]))
            if rows - known:
                wrong[name] = sorted(rows - known)
        self.assertEqual(wrong, {})

    def test_what_is_documented_comes(self):
        wrong = {}
        for name, errors in self.documented.items():
            left = errors - self.rows.get(name, set()) - set(ELSEWHERE.get(name, {})) - ANYWHERE
            if left:
                wrong[name] = sorted(left)
        self.assertEqual(wrong, {})

    def test_no_exception_is_stale(self):
        stale = [f"{name}: {error}" for name, errors in ELSEWHERE.items() for error in errors
                 if error not in self.documented.get(name, set()) or error in self.rows.get(name, set())]
        self.assertEqual(stale, [])


if __name__ == "__main__":
    unittest.main()
