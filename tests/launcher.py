"""Stands for a test process: `python -S launcher.py SOCKET`.

It passes its standard streams to the process at the socket (`tests/workers.py`), which forks the
test process, and ends when that ends. It imports nothing that takes time.
"""

import os
import signal
import socket
import sys


def main(address: str) -> None:
    """Ask for a fork, and wait for its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # our parent decides when this ends
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(address)
        socket.send_fds(door, [b"!"], [0, 1, 2])
        # The readers must notice when the fork ends.
        os.close(0)
        os.close(1)
        door.recv(1)


if __name__ == "__main__":
    main(sys.argv[1])
