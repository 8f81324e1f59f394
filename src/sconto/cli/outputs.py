"""Writing a command's result to a file or to standard output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sconto.cli.refusals import CommandRefused


@contextmanager
def writing(output: Path | None) -> Iterator[None]:
    """Wrap the writing to a file or standard output. Raises CommandRefused if it fails.

    If the reader of standard output stops reading, that is not an error.
    """
    try:
        yield
    except BrokenPipeError:
        # Python must not flush the rest into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = output or "standard output"
        raise CommandRefused(f"{name} cannot be written: {error.strerror}") from None
