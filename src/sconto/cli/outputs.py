"""Writing a command's answer into a file or on standard output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sconto.cli.refusals import CommandRefused


@contextmanager
def writing(output: Path | None) -> Iterator[None]:
    """While the file is written, or standard output. Raises CommandRefused if that fails.

    A reader of standard output that has read enough ends it without an error.
    """
    try:
        yield
    except BrokenPipeError:
        # Python must not flush the rest into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = output or "standard output"
        raise CommandRefused(f"{name} cannot be written: {error.strerror}") from None
