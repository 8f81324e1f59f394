"""The log on standard error: one line per event, as JSON or as text for people."""

import logging
import sys
from typing import Final, Protocol

from sconto.api.json_log import JsonFormatter, JsonLog

_LOUD: Final = ("uvicorn.error", "uvicorn", "sconto")


class Log(Protocol):
    """A log of events, each with facts."""

    def info(self, event: str, **facts: object) -> object:
        """Log what is usual."""

    def warning(self, event: str, **facts: object) -> object:
        """Log what somebody should look at."""

    def exception(self, event: str, **facts: object) -> object:
        """Log an error, with the exception that is being handled."""


def open_log(log_format: str, level: int = logging.INFO) -> Log:
    """Send all logging, uvicorn's too, to standard error, and return the log of requests.

    `log_format` is "json" or "console". Less than `level` is not logged.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _LOUD:
        logging.getLogger(name).setLevel(level)
    return request_log(log_format, level)


def request_log(log_format: str, level: int = logging.INFO) -> Log:
    """A log of requests on standard error."""
    if log_format == "json":
        return JsonLog(sys.stderr.buffer, level)
    # It takes 7 MB and a tenth of the time to start, so it is only imported for people.
    from sconto.api import console_log  # noqa: PLC0415

    return console_log.request_log(level)


def _formatter(log_format: str) -> logging.Formatter:
    if log_format == "json":
        return JsonFormatter()
    from sconto.api import console_log  # noqa: PLC0415  # as above

    return console_log.formatter()
