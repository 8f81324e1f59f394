"""Cart promotions as in `reference/cart.md`, computed slowly, in fractions, unit by unit.

It imports nothing of Sconto. A promotion is a dict of the reference's fields, with amounts as
fractions of the currency's main unit; `id` tells promotions apart.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Promotion = Mapping[str, Any]
Line = Mapping[str, Any]
"""`product_id`, `tags`, `quantity`, `left` (what is left of it) and `discounted`."""

CENT = Fraction(1, 100)


def half_up(amount: Fraction, cent: Fraction = CENT) -> Fraction:
    """Round to whole cents, a half up."""
    return (amount / cent + Fraction(1, 2)).__floor__() * cent


def split(amount: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    """Split by largest remainder, cent by cent; ties to the earlier."""
    whole = sum(weights)
    if not whole:
        return [Fraction(0)] * len(weights)
    exact = [amount * weight / whole for weight in weights]
    parts = [(share / CENT).__floor__() * CENT for share in exact]
    while sum(parts) < amount:
        behind = max(range(len(parts)), key=lambda i: (exact[i] - parts[i], -i))
        parts[behind] += CENT
    return parts


def is_in(selection: Mapping[str, Any] | None, line: Line) -> bool:
    """Whether a selection of products covers the line's."""
    if selection is None:
        return True
    ids, tags = selection.get("ids"), selection.get("tags")
    named = (
        not (ids or tags)
        or line["product_id"] in (ids or ())
        or any(tag in line["tags"] for tag in tags or ())
    )
    excepted = line["product_id"] in selection.get("except_ids", ()) or any(
        tag in line["tags"] for tag in selection.get("except_tags", ())
    )
    return named and not excepted


def covered(promotion: Promotion, lines: Sequence[Line], products: Any = "products") -> list[int]:
    """The lines that the promotion covers."""
    selection = promotion.get("products") if products == "products" else products
    return [
        i
        for i, line in enumerate(lines)
        if is_in(selection, line)
        and (promotion.get("on_discounted", True) or not line["discounted"])
    ]


def reasons(promotion: Promotion, bill: Mapping[str, Any]) -> set[str]:
    """Why the promotion is not eligible for the bill at the start of the step."""
    found = _reasons_of_customer(promotion, bill.get("customer") or {})
    lines, currency = bill["lines"], bill["currency"]
    if any(currency not in amounts for amounts in _all_amounts(promotion)):
        found.add("currency")
    conditions = promotion.get("conditions", {})
    on = covered(promotion, lines)
    left, units = sum(lines[i]["left"] for i in on), sum(lines[i]["quantity"] for i in on)
    if left < conditions.get("minimum_subtotal", {}).get(currency, 0):
        found.add("minimum_subtotal")
    if units < conditions.get("minimum_quantity", 0):
        found.add("minimum_quantity")
    if promotion["target"] == "shipping":
        if not bill.get("shipping"):
            found.add("no_shipping")
    elif not on:
        found.add("not_covered")
    elif not left:
        found.add("nothing_left")
    benefit = promotion["benefit"]
    if benefit["type"] == "tiers":
        lowest = benefit["tiers"][0]["from"]
        is_by_quantity = benefit["by"] == "quantity"
        if units < lowest if is_by_quantity else left < lowest.get(currency, 0):
            found.add("tier")
    if benefit["type"] == "units" and not _count_served(promotion, lines):
        found.add("units")
    room = promotion.get("room", {})
    for limit, reason in (
        ("total", "total_limit"),
        ("customer", "customer_limit"),
        ("budget", "budget"),
    ):
        if limit in room and room[limit] <= 0:
            found.add(reason)
    return found


def facts(promotion: Promotion, bill: Mapping[str, Any], reason: str) -> Any:
    """What the bill has and what it needs, if the reason has these facts."""
    lines, currency = bill["lines"], bill["currency"]
    on = covered(promotion, lines)
    left, units = sum(lines[i]["left"] for i in on), sum(lines[i]["quantity"] for i in on)
    benefit, conditions = promotion["benefit"], promotion.get("conditions", {})
    match reason:
        case "minimum_subtotal":
            return left, conditions["minimum_subtotal"][currency]
        case "minimum_quantity":
            return units, conditions["minimum_quantity"]
        case "tier" | "next":
            is_by_quantity = benefit["by"] == "quantity"
            have = units if is_by_quantity else left
            needs = [t["from"] if is_by_quantity else t["from"][currency] for t in benefit["tiers"]]
            above = [need for need in needs if need > have]
            return (have, above[0]) if above else None
        case "units" if benefit.get("get_products") is None:
            return units, benefit["buy"] + benefit["get"]
        case "units":
            to_get = covered(promotion, lines, benefit["get_products"])
            bought = sum(lines[i]["quantity"] for i in on if i not in to_get)
            if bought < benefit["buy"]:
                return bought, benefit["buy"]
            return 0, 1
    return None


def _reasons_of_customer(promotion: Promotion, customer: Mapping[str, Any]) -> set[str]:
    found = set()
    conditions, segments = promotion.get("conditions", {}), set(customer.get("segments", ()))
    if conditions.get("segments") and not set(conditions["segments"]) & segments:
        found.add("segment")
    asks_who = conditions.get("first_order") or "per_customer" in promotion.get("limits", {})
    if conditions.get("first_order") and customer.get("has_ordered"):
        found.add("first_order")
    if asks_who and not customer.get("id"):
        found.add("customer_required")
    return found


def _all_amounts(promotion: Promotion) -> list[Mapping[str, Fraction]]:
    benefit = promotion["benefit"]
    parts = [promotion.get("conditions", {}), promotion.get("limits", {}), benefit]
    for tier in benefit.get("tiers", ()):
        parts.append(tier["benefit"])
        if benefit["by"] == "subtotal":
            parts.append({"amounts": tier["from"]})
    names = ("minimum_subtotal", "budget", "amounts", "prices", "at_most")
    return [part[name] for part in parts for name in names if isinstance(part.get(name), Mapping)]


def _tier(benefit: Any, left: Fraction, units: int, currency: str) -> Any:
    reached = None
    for tier in benefit["tiers"]:
        have, need = (
            (left, tier["from"][currency]) if benefit["by"] == "subtotal" else (units, tier["from"])
        )
        if have >= need:
            reached = tier["benefit"]
    return reached


def _count_served(promotion: Promotion, lines: Sequence[Line]) -> int:
    benefit = promotion["benefit"]
    on = covered(promotion, lines)
    buy, get = benefit["buy"], benefit["get"]
    if benefit.get("get_products") is None:
        units = sum(lines[i]["quantity"] for i in on)
        served = units // (buy + get) * get
    else:
        to_get = covered(promotion, lines, benefit["get_products"])
        bought = sum(lines[i]["quantity"] for i in on if i not in to_get)
        served = min(bought // buy * get, sum(lines[i]["quantity"] for i in to_get))
    return int(min(served, benefit.get("at_most", served)))


def take(promotion: Promotion, bill: Mapping[str, Any], left: Sequence[Fraction]) -> list[Fraction]:
    """What the promotion takes off the amount that is left in the step."""
    lines, currency, target = bill["lines"], bill["currency"], promotion["target"]
    on = covered(promotion, lines)
    benefit = promotion["benefit"]
    if benefit["type"] == "tiers":
        entering = sum((lines[i]["left"] for i in on), Fraction(0))
        units = sum(lines[i]["quantity"] for i in on)
        benefit = _tier(benefit, entering, units, currency)
    if target == "shipping":
        on = [0]
    if benefit["type"] == "units":
        return _take_units(promotion, lines, left)
    on_left = [left[i] for i in on]
    if benefit["type"] == "percent":
        percent = benefit["percent"] / 100
        if target == "lines":
            parts = [half_up(amount * percent) for amount in on_left]
        else:
            parts = split(half_up(sum(on_left) * percent), on_left)
        if "at_most" in benefit and sum(parts) > benefit["at_most"][currency]:
            parts = split(benefit["at_most"][currency], on_left)
    elif benefit["type"] == "amount":
        amount = benefit["amounts"][currency]
        if target == "lines":
            parts = [min(left[i], amount * lines[i]["quantity"]) for i in on]
        else:
            parts = split(min(amount, sum(on_left, Fraction(0))), on_left)
    else:
        wanted = [benefit["prices"][currency] * lines[i]["quantity"] for i in on]
        parts = [max(Fraction(0), a - b) for a, b in zip(on_left, wanted, strict=True)]
    taken = [Fraction(0)] * len(left)
    for i, part in zip(on, parts, strict=True):
        taken[i] = part
    return taken


def _take_units(
    promotion: Promotion, lines: Sequence[Line], left: Sequence[Fraction]
) -> list[Fraction]:
    benefit = promotion["benefit"]
    get_products = benefit.get("get_products")
    on = covered(promotion, lines, "products" if get_products is None else get_products)
    units = []
    for i in on:
        count = lines[i]["quantity"]
        for n, value in enumerate(split(left[i], [Fraction(1)] * count)):
            units.append((value, -i, -n))
    units.sort()
    taken = [Fraction(0)] * len(left)
    for value, line, _ in units[: _count_served(promotion, lines)]:
        taken[-line] += value
    return [half_up(value * benefit.get("percent", 100) / 100) for value in taken]


def step(
    promotions: Sequence[Promotion], bill: Mapping[str, Any], target: str
) -> tuple[dict[int, list[Fraction]], dict[int, set[str]]]:
    """What each promotion of a target takes off, and why the others take nothing."""
    why = {
        promotion["id"]: reasons(promotion, bill)
        for promotion in promotions
        if promotion["target"] == target
    }
    playing = [p for p in promotions if why.get(p["id"]) == set()]
    while True:
        playing.sort(key=lambda p: (-p.get("priority", 0), p["id"]))
        together = [p for p in playing if not p.get("exclusive")]
        choices = [together] + [[p] for p in playing if p.get("exclusive")]
        results = [_run(choice, bill, target) for choice in choices]
        sums = [sum(map(sum, result.values()), Fraction(0)) for result in results]
        best = max(range(len(choices)), key=lambda n: (sums[n], n == 0, -n))
        broken = [
            p
            for p in choices[best]
            if "budget" in p.get("room", {})
            and sum(results[best].get(p["id"], ())) > p["room"]["budget"]
        ]
        if not broken:
            break
        playing.remove(broken[0])
        why[broken[0]["id"]] = {"budget"}
    for n, choice in enumerate(choices):
        for p in choice:
            if p["id"] not in results[n]:
                why[p["id"]] = {"nothing_left"}
            elif n != best:
                why[p["id"]] = {"tie" if sums[n] == sums[best] else "lower_discount"}
    return results[best], {id_: found for id_, found in why.items() if found}


def _run(
    choice: Sequence[Promotion], bill: Mapping[str, Any], target: str
) -> dict[int, list[Fraction]]:
    left: list[Fraction] = [line["left"] for line in bill["lines"]]
    if target == "shipping":
        left = [bill.get("shipping") or Fraction(0)]
    result = {}
    for promotion in choice:
        taken = take(promotion, bill, left)
        if any(taken):
            result[promotion["id"]] = taken
            left = [a - b for a, b in zip(left, taken, strict=True)]
    return result
