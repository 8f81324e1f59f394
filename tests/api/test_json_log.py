"""The log for programs has one JSON object for each event, with its facts."""

import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sconto.api.json_log import JsonFormatter, JsonLog


def test_a_line_has_the_facts_and_then_event_level_and_time() -> None:
    [line] = logged(lambda log: log.info("request", status=200, who={"id": 7}, kind=dict))
    assert list(line) == ["status", "who", "kind", "event", "level", "timestamp"]
    assert (line["status"], line["who"]) == (200, {"id": 7})
    assert line["kind"] == "<class 'dict'>"
    assert (line["event"], line["level"]) == ("request", "info")
    assert datetime.fromisoformat(line["timestamp"]).tzinfo == UTC


def test_less_than_the_level_is_not_logged() -> None:
    def write(log: JsonLog) -> None:
        log.info("one")
        log.warning("two")

    assert [line["event"] for line in logged(write, logging.WARNING)] == ["two"]
    assert logged(write, logging.ERROR) == []


def test_an_error_has_its_exception() -> None:
    def write(log: JsonLog) -> None:
        try:
            raise ValueError("of a test")
        except ValueError:
            log.exception("request failed", request_id="r")

    [line] = logged(write)
    assert (line["event"], line["level"], line["request_id"]) == ("request failed", "error", "r")
    assert line["exception"].startswith("Traceback ")
    assert line["exception"].endswith("ValueError: of a test")


def test_messages_of_libraries_have_the_same_form() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "%s of %d",
            "args": ("one", 2),
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "color_message": "coloured",
            "more": 3,
        }
    )
    line = json.loads(JsonFormatter().format(record))
    assert list(line) == ["event", "level", "timestamp", "more"]
    assert (line["event"], line["level"], line["more"]) == ("one of 2", "warning", 3)


def logged(write: Callable[[JsonLog], None], level: int = logging.INFO) -> list[dict[str, Any]]:
    output = io.BytesIO()
    write(JsonLog(output, level))
    return [json.loads(line) for line in output.getvalue().splitlines()]
