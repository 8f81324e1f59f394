"""Ends a command cleanly when its process is told to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def terminable() -> Iterator[None]:
    """End the block, and with it the process, when the process is told to stop.

    After the block the process can only end, and ignores further signals. A service often gets two
    signals: from a supervisor and a terminal, or from an impatient script. With the default
    handlers a second signal would kill the process between its clean shutdown and its end, which
    takes Python some 100 ms, and the exit status would be that of a crash.
    """
    for number in _STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        _ignore_stop_signals()


def exit_if_stopped() -> None:
    """Raise SystemExit if the process was told to stop, but the exception got lost.

    Python drops exceptions that are raised in a finalizer or in the callback of a weak reference,
    which runs for each import.
    """
    if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
        raise SystemExit(0)


def _stop(_: int, __: FrameType | None) -> None:
    # A second signal must not interrupt the cleanup.
    _ignore_stop_signals()
    raise SystemExit(0)


def _ignore_stop_signals() -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
