"""Ports for servers that a test starts and starts again."""

from __future__ import annotations

import random
import socket

# Below the range from which systems take the ports of outgoing connections (32768 and up on Linux, 49152 by RFC 6335): a port of that range
# may be somebody's before the server that was promised it listens, or while it is down to be started again.
_RANGE = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port nobody listens on. Drawn by the system: test processes side by side, even seeded alike, choose differently."""
    for port in random.SystemRandom().sample(_RANGE, 50):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no free port on loopback")
