"""Ports for servers that cannot choose one themselves."""

import socket
import sys


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on.

    Nobody else gets it while this process lives: on a busy machine somebody who connects, or asks
    for any port, would soon have it. A server that sets SO_REUSEADDR, as they all do, may listen on
    a port that is only bound; other systems than Linux refuse that.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    if sys.platform == "linux":
        holder.detach()  # stays open until this process ends
    else:
        holder.close()
    return port
