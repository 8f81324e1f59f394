"""The errors of the export API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.domain.problems import ParquetUnavailable

_ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    **problem_json.ANSWERS,
    ParquetUnavailable: lambda _: problem_json.problem(
        501, "This Sconto writes no Parquet files: sconto[parquet] is not installed."
    ),
}

answer_status: Final = problem_json.answer_status


def answer_problem(error: Exception) -> Response:
    """The answer to a problem. Raises KeyError for one that this API does not have."""
    return _ANSWERS[type(error)](error)
