"""The errors of the export API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.domain.problems import ParquetUnavailable

ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    ParquetUnavailable: lambda _: problem_json.problem(
        501, "This Sconto writes no Parquet files: sconto[parquet] is not installed."
    ),
}
