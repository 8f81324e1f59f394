"""The log for people at a terminal."""

import logging
import os
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

_COLOURED_TWIN: Final = "color_message"

_SHARED: Final[tuple[Processor, ...]] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def request_log(level: int) -> FilteringBoundLogger:
    """A log of requests on standard error."""
    # Bound here: an unbound logger would be assembled again for every line.
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=(*_SHARED, _renderer()),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()
    return log


def formatter() -> logging.Formatter:
    """Writes the messages of libraries in the same form."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder(), _drop_coloured_twin],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer()],
    )


def _renderer() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    )


def _drop_coloured_twin(_: object, __: str, event: EventDict) -> EventDict:
    event.pop(_COLOURED_TWIN, None)
    return event
