"""A promotion's metadata, any JSON object with its numbers as written."""

from collections.abc import Mapping
from typing import Any, Final

from sconto.api.strict_json import encode_json

LONGEST_META: Final = 65_536
"""Bytes of a promotion's metadata, encoded without spaces."""


def encode_meta(meta: Mapping[str, Any]) -> str:
    """The object as a JSON text, with its numbers as they were written."""
    return encode_json(meta).decode()
