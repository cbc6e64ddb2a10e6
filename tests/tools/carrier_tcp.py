# SPDX-License-Identifier: Apache-2.0
#
# Where the tools, targets and clients of a test meet: at ports of an address of 127.0.0.0/8 that each test draws for
# itself. So their URLs are known before anybody listens, and no other test's, nor a number that the system has given away.

import collections
import itertools
import random
import socket

PARAMETER = "backlog=100"  # one that a listener may have
FIRST_PORT = 20000


class Carrier:
    def __init__(self, _folder):
        draw = random.SystemRandom()
        self.host = f"127.{draw.randint(1, 254)}.{draw.randint(0, 255)}.{draw.randint(1, 254)}"
        self.numbers = itertools.count(FIRST_PORT)
        self.ports = collections.defaultdict(lambda: next(self.numbers))

    def address(self, name):
        return self.host, self.ports[name]

    def shown(self, name):
        """What a message calls it."""
        return "{}:{}".format(*self.address(name))

    def url(self, name):
        return f"tcp://{self.shown(name)}"

    def listen(self, name):
        return socket.create_server(self.address(name), backlog=128)

    def dial(self, name):
        # With a limit of time, a reset that follows at once would be told as the connect's own failure.
        return socket.create_connection(self.address(name))

    def is_there(self, name):
        """Whether anybody listens."""
        try:
            self.dial(name).close()
        except ConnectionError:
            return False
        return True

    def remove(self, name):
        """Of one that was killed the system may keep the port: whoever comes next has another."""
        self.ports.pop(name, None)
