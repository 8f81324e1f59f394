"""Requests: the codes of a cart, and when two requests are the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.model.faults import key_of
from tests.model.values import minor_units


def activated(codes: Sequence[str]) -> list[str]:
    """Each code once, at its last place."""
    last = {key_of(text): text for text in codes}
    order = list(dict.fromkeys(key_of(text) for text in reversed(codes)))
    return [last[key] for key in reversed(order)]


def is_same(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two requests are for the same order, in any spelling."""

    def parsed(one: Mapping[str, Any]) -> object:
        currency = one["currency"]
        lines = [
            {**line, "unit_price": minor_units(line["unit_price"], currency)}
            for line in one["lines"]
        ]
        codes = [key_of(text) for text in activated(one.get("codes") or [])]
        customer = one.get("customer") or {}
        who = customer.get("id"), set(customer.get("segments", ())), customer.get("has_ordered")
        shipping = one.get("shipping")
        cost = None if shipping is None else minor_units(shipping, currency)
        more = one.get("replaces"), one.get("subscription"), who, cost
        return currency, lines, codes, more

    return parsed(body) == parsed(other)
