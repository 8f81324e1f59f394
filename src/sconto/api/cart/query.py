"""Reads the parameters of the list of cart promotions and of the history."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sconto.api.cursors import read_cursor
from sconto.api.faults import FieldFault, InvalidFields
from sconto.api.problem_json import pointer
from sconto.domain.cart_promotion import CartPromotionQuery, Target
from sconto.domain.codes import code_key
from sconto.domain.names import is_name

MAX_LISTED: Final = 1_000

_LIMIT: Final = re.compile("[1-9][0-9]{0,3}")
_FLAGS: Final = {"true": True, "false": False}
_NAMES: Final = ("limit", "cursor", "active", "running", "target", "code", "name")


def read_query(parameters: Sequence[tuple[str, str]]) -> CartPromotionQuery:
    """Which promotions to list. Raises InvalidFields, with `/limit` for the parameter `limit`."""
    values = dict(parameters)
    faults = _find_misnamed(name for name, _ in parameters)

    def note(name: str, rule: str) -> None:
        faults.append(FieldFault(pointer(name), rule))

    limit = values.get("limit", "100")
    if not _LIMIT.fullmatch(limit) or int(limit) > MAX_LISTED:
        note("limit", f"must be a whole number from 1 to {MAX_LISTED}")
    before = read_cursor(values["cursor"]) if "cursor" in values else None
    if "cursor" in values and before is None:
        note("cursor", "must be the next_cursor of an earlier answer")
    for name in ("active", "running"):
        if name in values and values[name] not in _FLAGS:
            note(name, "must be true or false")
    if "target" in values and values["target"] not in tuple(Target):
        note("target", f"must be one of {', '.join(Target)}")
    key = code_key(values["code"]) if "code" in values else None
    if "code" in values and key is None:
        note("code", "must be a code")
    if "name" in values and not is_name(values["name"]):
        note("name", "must be a part of a name")
    if faults:
        raise InvalidFields(faults)
    return CartPromotionQuery(
        int(limit),
        before,
        _FLAGS.get(values.get("active", "")),
        _FLAGS.get(values.get("running", "")),
        Target(values["target"]) if "target" in values else None,
        values.get("name"),
        key,
    )


def read_page(parameters: Sequence[tuple[str, str]]) -> tuple[int, int | None]:
    """How many entries, and the id before which they must be. Raises InvalidFields."""
    values = dict(parameters)
    faults = _find_misnamed((name for name, _ in parameters), ("limit", "cursor"))
    limit = values.get("limit", "100")
    if not _LIMIT.fullmatch(limit) or int(limit) > MAX_LISTED:
        faults.append(FieldFault("/limit", f"must be a whole number from 1 to {MAX_LISTED}"))
    before = read_cursor(values["cursor"]) if "cursor" in values else None
    if "cursor" in values and before is None:
        faults.append(FieldFault("/cursor", "must be the next_cursor of an earlier answer"))
    if faults:
        raise InvalidFields(faults)
    return int(limit), before


def _find_misnamed(names: Iterable[str], known: Sequence[str] = _NAMES) -> list[FieldFault]:
    faults, seen = [], set()
    for name in names:
        if name not in known:
            faults.append(FieldFault(pointer(name), "is unknown"))
        elif name in seen:
            faults.append(FieldFault(pointer(name), "is given twice"))
        seen.add(name)
    return faults
