"""JSON merge patch (RFC 7396)."""

from collections.abc import Mapping
from typing import Any


def merge(document: Any, patch: Any) -> Any:
    """The document after the patch: null removes a member, objects are merged, all else replaces.

    Neither argument is changed. The parser limits how deep a patch may be nested.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
