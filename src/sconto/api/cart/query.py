"""Reads the parameters of the list of cart promotions and of the history."""

from collections.abc import Mapping, Sequence
from typing import Final

from sconto.api.cursors import read_cursor
from sconto.api.list_parameters import ListParameters, one_of
from sconto.domain.cart_promotion import CartPromotionQuery, Target
from sconto.domain.codes import code_key
from sconto.domain.names import is_name

MAX_LISTED: Final = 1_000

_FLAGS: Final[Mapping[str | None, bool]] = {"true": True, "false": False}
_NAMES: Final = ("limit", "cursor", "active", "running", "target", "code", "name")


def read_query(parameters: Sequence[tuple[str, str]]) -> CartPromotionQuery:
    """Which promotions to list. Raises InvalidFields, with `/limit` for the parameter `limit`."""
    query = ListParameters(parameters, _NAMES)
    limit = query.limit(MAX_LISTED)
    before = query.cursor(read_cursor)
    flags = {name: query.get(name) for name in ("active", "running")}
    for field, flag in flags.items():
        if flag is not None and flag not in _FLAGS:
            query.note(field, "must be true or false")
    target, code, name = (query.get(name) for name in ("target", "code", "name"))
    if target is not None and target not in tuple(Target):
        query.note("target", one_of(*Target))
    key = None if code is None else code_key(code)
    if code is not None and key is None:
        query.note("code", "must be a code")
    if name is not None and not is_name(name):
        query.note("name", "must be a part of a name")
    query.finish()
    return CartPromotionQuery(
        limit,
        before,
        _FLAGS.get(flags["active"]),
        _FLAGS.get(flags["running"]),
        None if target is None else Target(target),
        name,
        key,
    )


def read_page(parameters: Sequence[tuple[str, str]]) -> tuple[int, int | None]:
    """How many entries, and the id before which they must be. Raises InvalidFields."""
    query = ListParameters(parameters, ("limit", "cursor"))
    limit, before = query.limit(MAX_LISTED), query.cursor(read_cursor)
    query.finish()
    return limit, before
