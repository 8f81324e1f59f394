"""A real service whose limits on connections are small, so that tests of them are short."""

import sys
from collections.abc import Sequence
from typing import ClassVar, Final

from sconto.cli.connections import ConnectionLimits
from sconto.cli.serve import bind, run_service, terminable
from sconto.settings import Settings
from tests.services import Service

LIMITS: Final = ConnectionLimits(
    head_seconds=1,
    body_seconds=1,
    body_bytes=32 * 1024,
    answer_seconds=1,
    idle_seconds=1,
    connections=40,
    spare=8,
)


class HastyService(Service):
    """A running service of one process with these limits."""

    command: ClassVar[Sequence[str]] = (sys.executable, "-m", "tests.security.hasty")


def main() -> None:
    """Serve as `sconto serve` does."""
    with terminable(), bind("127.0.0.1", 0) as listener:
        run_service(Settings.read(), listener, workers=1, limits=LIMITS)


if __name__ == "__main__":
    main()
