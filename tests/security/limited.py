"""A real service with shorter limits on connections, so that their tests are short."""

import sys
from collections.abc import Sequence
from typing import ClassVar

from sconto.cli.connections import ConnectionLimits
from sconto.cli.serve import bind, run_service
from sconto.cli.termination import terminable
from sconto.settings import Settings
from tests.services import Service


class LimitedService(Service):
    """A running service of one process. Its arguments are limits, such as `head_seconds=1`."""

    program: ClassVar[str] = "from tests.security.limited import main; main()"
    options: ClassVar[Sequence[str]] = ()


def main() -> None:
    """Serve like `sconto serve`."""
    named = (argument.split("=") for argument in sys.argv[1:])
    limits = ConnectionLimits(**{name: int(value) for name, value in named})
    with terminable(), bind("127.0.0.1", 0) as listener:
        run_service(Settings.read(), listener, workers=1, limits=limits)
