"""The errors of the catalogue API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from sconto.api import problem_json
from sconto.domain.problems import ProductNotFound

ANSWERS: Final[Mapping[type[Exception], Callable[[Any], Response]]] = {
    ProductNotFound: lambda error: problem_json.problem(
        404, f"There is no product {error.product_id}."
    ),
}
