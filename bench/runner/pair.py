# SPDX-License-Identifier: Apache-2.0
"""One measurement: a server and a client, each a process on a CPU of its own."""

import os
import select
import subprocess
import tempfile
from dataclasses import dataclass

from .cpus_linux import pin, split_cpus

TRANSPORTS = ("unix", "tcp")
READY_SECONDS = 20
END_SECONDS = 30


class Failure(Exception):
    """A measurement that gave no figure; the text says which program said what."""


@dataclass(frozen=True)
class Figure:
    value: float
    unit: str
    ops: int


def url_for(transport, folder):
    return {"unix": f"unix://{folder}/socket", "tcp": "tcp://127.0.0.1:0"}[transport]


def start(command, cpu):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: pin(cpu))


def last_words(text):
    return text.strip()[-300:]


def ready_url(server):
    """What the server's first line says: where it listens. Read unbuffered, so that the rest is left to communicate."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([server.stdout], [], [], READY_SECONDS)[0]:
            raise Failure(f"the server was not ready within {READY_SECONDS} s")
        byte = os.read(server.stdout.fileno(), 1)
        if not byte:
            raise Failure(f"the server ended: {last_words(server.communicate()[1])}")
        line += byte
    word, _, url = line.decode().strip().partition(" ")
    if word != "ready" or not url:
        raise Failure(f"the server's first line is {line!r}, not `ready URL`")
    return url


def finish(process, role):
    try:
        out, err = process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"the {role} did not end within {END_SECONDS} s") from late
    if process.returncode != 0:
        raise Failure(f"the {role} ended with {process.returncode}: {last_words(err)}")
    return out.split("\n", 1)[0]


def parse_figure(line):
    value, unit_and_ops = line.split(" ", 1)
    unit, ops = unit_and_ops.rsplit(" ", 1)
    return Figure(float(value), unit, int(ops))


def measure(program, case, mode, seconds, transport, wrap=None):
    """Run both sides and return the figure. wrap: {role: words to put before that side's command}."""
    wrap = wrap or {}
    client_cpu, server_cpu = split_cpus()
    words = [case, mode]
    processes = []
    with tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
        try:
            server = start([*wrap.get("server", ()), program, "server", *words, url_for(transport, folder),
                            str(seconds)], server_cpu)
            processes.append(server)
            client = start([*wrap.get("client", ()), program, "client", *words, ready_url(server), str(seconds)],
                           client_cpu)
            processes.append(client)
            lines = [finish(client, "client"), finish(server, "server")]
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                process.communicate()
    figures = [line for line in lines if line]
    if len(figures) != 1:
        raise Failure(f"one side should print a figure, and these came: {figures}")
    return parse_figure(figures[0])
