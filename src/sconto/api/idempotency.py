"""Reads the `Idempotency-Key` of a request."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, TypeVar

from starlette.requests import Request

from sconto.api.base_path import inner_path
from sconto.api.strict_json import encode_json
from sconto.domain.problems import Problem
from sconto.operations.idempotency import KeyedRequest

LONGEST_KEY: Final = 255

T = TypeVar("T")
A = TypeVar("A")


class KeyNotValid(Problem):
    """The Idempotency-Key is not valid."""


def read_keyed(
    request: Request, body: Mapping[str, Any] | None, encode: Callable[[T], A]
) -> KeyedRequest[T, A] | None:
    """The request with its Idempotency-Key; None if it has no key. Raises KeyNotValid.

    Requests are the same if method, path and members are the same, in any order of members.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise KeyNotValid
    said = encode_json([request.method, inner_path(request.scope), body], is_sorted=True)
    return KeyedRequest(key, sha256(said).digest(), encode)
