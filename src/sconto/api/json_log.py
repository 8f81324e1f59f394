"""The log for programs: one JSON object a line."""

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)

_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "color_message",
}
"""What the library notes of a record, and uvicorn's second message with colours."""


class Output(Protocol):
    """A buffered stream of bytes."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def flush(self) -> object:
        """Send them."""


class JsonLog:
    """Writes events of requests. A line is written in one step, because each request has one."""

    def __init__(self, output: Output, level: int) -> None:
        self._output = output
        self._level = level

    def info(self, event: str, **facts: object) -> None:
        """Log what is usual."""
        if self._level <= logging.INFO:
            self._write("info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Log what somebody should look at."""
        if self._level <= logging.WARNING:
            self._write("warning", event, facts)

    def exception(self, event: str, **facts: object) -> None:
        """Log an error, with the exception that is being handled."""
        self._write("error", event, facts, exception=traceback.format_exc().rstrip("\n"))

    def _write(
        self, level: str, event: str, facts: dict[str, object], exception: str | None = None
    ) -> None:
        facts["event"] = event
        facts["level"] = level
        facts["timestamp"] = datetime.now(UTC)
        if exception is not None:
            facts["exception"] = exception
        self._output.write(_ENCODER.encode(facts) + b"\n")
        self._output.flush()


class JsonFormatter(logging.Formatter):
    """Writes the messages of libraries in the same form."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, with its extra fields."""
        facts: dict[str, object] = {"event": record.getMessage()}
        if record.stack_info:
            facts["stack_info"] = record.stack_info
        facts["level"] = record.levelname.lower()
        facts["timestamp"] = datetime.now(UTC)
        facts |= _extra_fields(record)
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(facts).decode()


def _extra_fields(record: logging.LogRecord) -> Mapping[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
