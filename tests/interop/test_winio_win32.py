#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""microsoft/go-winio as the peer, in both roles: named pipes of bytes and of messages, and hashicorp/yamux over them.

Without the tap, which stands between sockets: what we send is held to the rules over these by the other tests.
Shows PIP-2, PIP-6, PIP-8, MUX-1, MUX-12, MUX-13 with another implementation of named pipes.
"""
import secrets
import subprocess
import sys

import gobuild
import harness
import tool
from harness import BUILD, DRIVER, SMALL, Failed, child, finish, process, program

PEER = harness.Peer(
    name="go-winio",
    build=lambda: gobuild.build("hashicorp"),
    schemes=("npipe",),
    # Fewer bytes than elsewhere: each call of the system is a message to another process under Wine.
    traits="empty refuse drain ping mib=4 many=16",
    commands=["open 1 4194304", "open 256 4096", "empty", "half-close 409600", "reset-open 4", "ping 20", "goaway-open",
              "break 10", "open 1 1000"],
)
RAW = [*program("tests/gopeer"), "raw"]


class Run(harness.Run):
    """A path is the name of a pipe here."""

    def path(self):
        self.paths += 1
        return f"\\\\.\\pipe\\hawser-{secrets.token_hex(8)}-{self.paths}"

    def driver(self, mode, scheme):
        # What the mode auto adds is said before the first stream, as the commands below do, too.
        if mode == "yamux":
            super().driver(mode, scheme)

    def as_client(self, mode, _scheme, scenario, theirs):
        finish([*DRIVER, "client", mode, self.peer.traits, scenario, url_of(theirs)])

    def as_server(self, mode, _scheme, scenario):
        path = self.path()
        dial = [*self.peer.command, "dial", *(SMALL if scenario == "refused" else []), path]
        serve(mode, self.peer.traits, scenario, url_of(path), dial)


def url_of(path, parameters=""):
    return "npipe://" + path.replace("\\", "/") + parameters


def serve(mode, traits, scenario, url, dial):
    """Our driver listens and starts a peer that dials, as a process of its own system."""
    dial = dial[len(child.PREFIX):]
    driver = subprocess.Popen([*DRIVER, "server", mode, traits, scenario, url, *dial], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **child.OPTIONS)
    finish(None, driver, "go\n")


def raw_client(run, scenario, traits, options, parameters):
    path = run.path()
    with process([*RAW, "serve", *options, path]):
        finish([*DRIVER, "client", "yamux", traits, scenario, url_of(path, parameters)])


def raw_server(run, parameters, traits):
    path = run.path()
    serve("yamux", traits, "raw-echo", url_of(path, parameters), [*RAW, "dial", path])


def raw(run):
    run.case("bytes, our client", raw_client, run, "raw-bytes", "raw mib=4", [], "")
    run.case("messages, our client", raw_client, run, "raw-messages", "raw ends", ["-messages"], "?mode=message")
    run.case("bytes, our server", raw_server, run, "", "raw")
    run.case("messages, our server", raw_server, run, "?mode=message", "raw ends")


def forward(run, mode):
    run.with_server(f"{mode}, their server for forward", [],
                    lambda path: tool.through_forward(run, mode, url_of(path), "tcp://127.0.0.1:0"))


def echo(run, mode):
    with tool.hawser("echo", "--mux", mode, "--listen", url_of(run.path())) as url:
        path = url.removeprefix("npipe://").replace("/", "\\")
        run.case(f"{mode}, hawser echo", tool.commands, run, path, *run.peer.commands)


def commands(run, mode):
    tool.each(run, mode, echo, forward)


def main():
    if child.PREFIX:
        subprocess.run([*child.PREFIX, "--add", BUILD / "tests" / "bcryptprimitives.dll"], check=True)
    return harness.main(PEER, commands, kind=Run, first=raw)


if __name__ == "__main__":
    sys.exit(main())
