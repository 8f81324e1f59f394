"""A promotion's metadata, any JSON object with its numbers as written; and JSON merge patches."""

from collections.abc import Mapping
from typing import Any, Final

from sconto.api.strict_json import encode_json

LONGEST_META: Final = 65_536
"""Bytes of a promotion's metadata, encoded without spaces."""


def encode_meta(meta: Mapping[str, Any]) -> str:
    """The object as a JSON text, with its numbers as they were written."""
    return encode_json(meta).decode()


def merge_patch(target: object, patch: object) -> Any:
    """The target with the patch applied (RFC 7396): null removes a member."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
