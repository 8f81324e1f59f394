"""A promotion's own metadata: any JSON object, kept to the last digit; and JSON merge patches."""

from collections.abc import Mapping
from typing import Any, Final

from sconto.api.strict_json import encode_json

LONGEST_META: Final = 65_536
"""Bytes of the metadata of one promotion, written without spaces."""


def encode_meta(meta: Mapping[str, Any]) -> str:
    """The object as a JSON text, with its numbers as they were written."""
    return encode_json(meta).decode()


def merge_patch(target: object, patch: object) -> Any:
    """The target with the patch laid on it (RFC 7396): null takes a member away."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
