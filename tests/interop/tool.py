# SPDX-License-Identifier: Apache-2.0
"""The tool with a peer on the other end: echo and serve with the peer's client, forward with its server."""
import contextlib
import pathlib
import socket
import threading

from harness import HAWSER, LIMIT, Failed, finish, process


@contextlib.contextmanager
def hawser(*arguments):
    """The tool, which says in its first line where it listens."""
    with process([*HAWSER, *arguments], codes=(0,), quiet=False) as (_, first):
        yield first[0].split()[1]


def commands(run, path, *lines):
    """The peer as a client that obeys; returns what it said."""
    return finish([*run.peer.command, "run", path, *lines])


def echo(run, mode):
    with hawser("echo", "--mux", mode, "--listen", f"unix://{run.path()}") as url:
        run.case(f"{mode}, hawser echo", commands, run, url.removeprefix("unix://"), *run.peer.commands)


def echo_connections(listener):
    def echo_one(connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)

    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=echo_one, args=(listener.accept()[0],), daemon=True).start()


def serve(run, mode):
    """Streams of the peer reach a target that knows nothing of them, or are refused where it is gone."""
    with socket.socket(socket.AF_UNIX) as target:
        path = run.path()
        target.bind(path)
        target.listen(64)
        threading.Thread(target=echo_connections, args=(target,), daemon=True).start()
        with hawser("serve", "--mux", mode, "--listen", f"unix://{run.path()}", "--target", f"unix://{path}") as url:
            run.case(f"{mode}, hawser serve", commands, run, url.removeprefix("unix://"), "open 32 100000",
                     "half-close 400000")
        target.shutdown(socket.SHUT_RDWR)
    pathlib.Path(path).unlink()

    def refusals(served):
        output = commands(run, served, "refusals 5")
        if output.splitlines()[0] != "5":
            raise Failed(output)

    with hawser("serve", "--mux", mode, "--listen", f"unix://{run.path()}", "--target", f"unix://{path}") as url:
        run.case(f"{mode}, hawser serve, no target", refusals, url.removeprefix("unix://"))


def dial(url):
    """Where forward listens."""
    scheme, _, address = url.partition("://")
    if scheme == "tcp":
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)), LIMIT)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(LIMIT)
    client.connect(address)
    return client


def converse(url, number):
    """Through forward to the peer, whom the first line tells to echo."""
    data = bytes(number % 256 for number in range(number, number + 200000))
    with dial(url) as client:

        def send():
            client.sendall(b"echo\n" + data)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        back = bytearray()
        while piece := client.recv(65536):
            back += piece
        sender.join(LIMIT)
        if back != data:
            raise Failed(f"{len(back)} bytes came back of {len(data)}, or others")


def converse_together(url):
    errors = []

    def one(number):
        try:
            converse(url, number)
        except (Failed, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    if errors:
        raise Failed(f"{len(errors)} connections: {errors[0]}")


def be_reset(url):
    with dial(url) as client:
        client.sendall(b"reset 7\n")
        with contextlib.suppress(ConnectionError):  # a Unix socket tells it as the end
            if client.recv(1) != b"":
                raise Failed("a byte came instead of the end")


def through_forward(run, mode, via, listen):
    with hawser("forward", "--mux", mode, "--via", via, "-L", f"{listen}=default") as url:
        run.case(f"{mode}, hawser forward", converse_together, url)
        run.case(f"{mode}, hawser forward, reset", be_reset, url)
        run.case(f"{mode}, hawser forward, after it", converse, url, 1)


def forward(run, mode):
    def through(server):
        through_forward(run, mode, f"unix://{server}", f"unix://{run.path()}")

    run.with_server(f"{mode}, their server for forward", [], through)


def tool(run, mode):
    each(run, mode, echo, serve, forward)


def each(run, mode, *parts):
    for part in parts:
        try:
            part(run, mode)
        except (Failed, OSError) as error:
            run.fail(f"{mode}, {part.__name__}", error)
