"""Ends a command in good order when its process is told to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def terminable() -> Iterator[None]:
    """End the block, and with it the process, when the process is told to stop.

    Afterwards the process can only end, and ignores further signals. A service is often told twice
    (by a supervisor and a terminal, by a script that loses patience). With the default handlers a
    second signal would kill the process between its clean shutdown and its end, which takes Python
    some 100 ms, and the exit status would be that of a crash.
    """
    for number in _STOPS:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        _ignore_stops()


def exit_if_stopped() -> None:
    """Raise SystemExit if the process was told to stop, but the exception got lost.

    Python drops what is raised while it runs a finalizer or the callback of a weak reference, as it
    does for each import.
    """
    if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
        raise SystemExit(0)


def _stop(_: int, __: FrameType | None) -> None:
    # Once is enough: what is being cleaned up must not be interrupted again.
    _ignore_stops()
    raise SystemExit(0)


def _ignore_stops() -> None:
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
