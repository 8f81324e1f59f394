"""Valid and invalid requests for each operation of the OpenAPI document."""

import time
from typing import Any, Final, cast

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from tests.trust.noise import SLOWEST

MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
"""Valid and invalid requests."""


def try_addresses(url: str, headers: dict[str, str], examples: int, seeds: int = 1) -> int:
    """Send valid and invalid requests to each operation; returns the number of operations."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [cast("Any", found).ok() for found in schema.get_all_operations()]
    for operation in operations:

        @seed(seeds)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in MODES)))
        def call(case: "schemathesis.Case[Any]") -> None:
            began = time.monotonic()
            response = case.call(headers=headers)
            assert time.monotonic() - began < SLOWEST
            case.validate_response(
                response,
                checks=[not_a_server_error, status_code_conformance, response_schema_conformance],
            )

        call()
    return len(operations)
