# SPDX-License-Identifier: Apache-2.0
#
# Where the tools, targets and clients of a test meet: at Unix sockets in the test's folder.

import socket

PARAMETER = "mode=0600"  # one that a listener may have


class Carrier:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return self.folder / f"{name}.sock"

    def url(self, name):
        return f"unix://{self.path(name)}"

    def shown(self, name):
        """What a message calls it."""
        return str(self.path(name))

    def listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path(name)))
        listener.listen(128)
        return listener

    def dial(self, name):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.path(name)))
        return connection

    def is_there(self, name):
        """Whether anything listens; left-over files count."""
        return self.path(name).exists()

    def remove(self, name):
        """What is left of one that was killed."""
        self.path(name).unlink(missing_ok=True)
