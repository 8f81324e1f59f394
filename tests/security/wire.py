"""Raw connections to a service, and how much memory and how many files it has."""

import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import psutil  # type: ignore[import-untyped]

Address = tuple[str, int]

_PIECE: Final = 1024 * 1024

_PATIENCE: Final = 10.0
"""Seconds of silence before the server closes. Where it stays open, a test names a shorter time."""


def address_of(url: str) -> Address:
    """Host and port."""
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def exchange(address: Address, sent: bytes, silence: float = _PATIENCE) -> bytes:
    """Everything that is answered until the server closes, or is silent for a while."""
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.sendall(sent)
        return receive_all(connection, silence)


def receive_all(connection: socket.socket, silence: float = _PATIENCE) -> bytes:
    """Everything that is answered until the server closes, or is silent for a while."""
    received = bytearray()
    connection.settimeout(silence)
    with suppress(TimeoutError):
        while chunk := connection.recv(65536):
            received += chunk
    return bytes(received)


def flood(address: Address, first: bytes, again: bytes, size: int) -> bytes:
    """Send this number of bytes, then read the answer; the server may stop reading earlier."""
    piece = again * (_PIECE // len(again))
    with closing(socket.create_connection(address, timeout=10)) as connection:
        connection.sendall(first)
        for _ in range(size // len(piece)):
            connection.sendall(piece)
        return receive_all(connection, silence=5)


def seconds_until_closed(connection: socket.socket, meanwhile: Callable[[], None]) -> float:
    """How long the server keeps a connection on which this is done repeatedly."""
    began = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - began < 30:
        try:
            meanwhile()
            if connection.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


def peak_memory(process: int) -> int:
    """The peak memory of the process in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process tells no VmHWM")


def ports_of_clients(process: int) -> set[int]:
    """The other ends of the process's TCP connections."""
    connections = psutil.Process(process).net_connections("tcp")
    return {connection.raddr.port for connection in connections if connection.raddr}


def open_files(process: int) -> int:
    """How many descriptors the process has."""
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
