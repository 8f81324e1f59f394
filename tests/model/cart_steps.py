"""The steps of cart promotions in the price of a cart, and the statuses of codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.model import cart_promotions as rules
from tests.model.cart_shop import has_ordered, taken
from tests.model.faults import key_of
from tests.model.holds import Asker
from tests.model.shop import CartPromotion, Code, Shop, why_off
from tests.model.values import minor_units, show_amount

REASONS: Final = (
    "minimum_subtotal", "minimum_quantity", "tier", "units", "segment", "first_order",
    "customer_required", "not_covered", "currency", "no_shipping", "total_limit",
    "customer_limit", "budget", "lower_discount", "tie", "nothing_left",
)  # fmt: skip
"""The reasons in the order in which they are answered."""

_STATUSES: Final = {
    "lower_discount": "outdone",
    "tie": "outdone",
    "nothing_left": "outdone",
    "not_covered": "not_applicable",
    "total_limit": "limit_reached",
    "customer_limit": "limit_reached",
    "budget": "limit_reached",
}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

RANKS_OF_REASONS: Final = ("outdone", "conditions_not_met", "not_applicable", "limit_reached")
"""Of several reasons the one that nothing can change decides the status of the code."""


class Steps:
    """The three steps of one cart.

    Amounts are hundredths of a minor unit's number: the rules are the same in every currency.
    """

    def __init__(
        self,
        shop: Shop,
        cart: Mapping[str, Any],
        at: datetime,
        asker: Asker,
        texts: Mapping[str, str],
    ) -> None:
        self._shop = shop
        self._cart = cart
        self._at = at
        self._asker = asker
        self._texts = texts
        """The activated codes as typed, by key, in the order of activation."""
        self.outcomes: list[dict[str, Any]] = []
        self._status: dict[int, str] = {}
        self._chosen: dict[int, Code | None] = {}

    def take(self, lines: list[dict[str, Any]]) -> int | None:
        """Take the steps' discounts off the answer's lines; returns the new shipping costs."""
        currency = self._cart["currency"]
        shipping = None
        if self._cart.get("shipping") is not None:
            shipping = minor_units(self._cart["shipping"], currency)
        for target in ("lines", "order", "shipping"):
            bill = self._bill(lines, shipping)
            promotions = self._promotions(target)
            took, why = rules.step(promotions, bill, target)
            for id_, parts in took.items():
                amounts = [int(part * 100) for part in parts]
                if target == "shipping":
                    assert shipping is not None
                    shipping -= amounts[0]
                else:
                    self._adjust(lines, id_, target, amounts)
                self._note_applied(bill, promotions, id_, sum(amounts))
            self._note_others(bill, promotions, why, target)
        return shipping

    def code_states(self, key: str, ranks: Sequence[str]) -> list[tuple[str, CartPromotion, Code]]:
        """The statuses of a code by the cart promotions that have it."""
        found = []
        for promotion in self._shop.cart_promotions.values():
            code = self._codes(promotion).get(key)
            if promotion.deleted or code is None:
                continue
            status = self._status[promotion.id]
            if code is not self._chosen[promotion.id]:
                other = obstacle(self._shop, promotion, code, self._at, self._asker) or "not_picked"
                status = max(status, other, key=ranks.index)
            found.append((status, promotion, code))
        return found

    def _bill(self, lines: Sequence[Mapping[str, Any]], shipping: int | None) -> dict[str, Any]:
        currency = self._cart["currency"]
        customer = dict(self._cart.get("customer") or {})
        if has_ordered(self._shop, customer.get("id"), self._asker):
            customer["has_ordered"] = True
        return {
            "currency": currency,
            "shipping": None if shipping is None else Fraction(shipping, 100),
            "customer": customer,
            "lines": [
                {
                    "product_id": line["product_id"],
                    "tags": self._shop.tags.get(line["product_id"], ()) if line["known"] else (),
                    "quantity": line["quantity"],
                    "left": Fraction(minor_units(line["total"], currency), 100),
                    "discounted": line["promotion"] is not None,
                }
                for line in lines
            ],
        }

    def _promotions(self, target: str) -> list[dict[str, Any]]:
        """The promotions that may apply, in the form of the rules; notes the others."""
        found = []
        for promotion in self._shop.cart_promotions.values():
            if promotion.deleted or promotion.terms["target"] != target:
                continue
            codes = [code for key, code in self._codes(promotion).items() if key in self._texts]
            if promotion.code_type is not None and not codes:
                continue
            code = self._choose(promotion, codes)
            self._chosen[promotion.id] = code
            problem = obstacle(self._shop, promotion, code, self._at, self._asker)
            if problem is None:
                found.append(self._as_rules_know(promotion))
            else:
                self._status[promotion.id] = problem
        return found

    def _choose(self, promotion: CartPromotion, codes: Sequence[Code]) -> Code | None:
        """The last activated code that is valid; the last one if none is."""
        places = list(self._texts)
        keys = {id(code): key for key, code in self._codes(promotion).items()}
        in_order = sorted(codes, key=lambda code: places.index(keys[id(code)]))
        for code in reversed(in_order):
            if obstacle(self._shop, promotion, code, self._at, self._asker) is None:
                return code
        return in_order[-1] if in_order else None

    def _codes(self, promotion: CartPromotion) -> dict[str, Code]:
        return {key_of(code.text): code for code in promotion.present_codes()}

    def _as_rules_know(self, promotion: CartPromotion) -> dict[str, Any]:
        terms, currency = promotion.terms, self._cart["currency"]
        customer = (self._cart.get("customer") or {}).get("id")
        limits, room = terms["limits"], dict[str, Any]()

        def uses(scope: str, key: str = "") -> int:
            return taken(self._shop, promotion, scope, key, self._asker)

        if "total" in limits:
            room["total"] = limits["total"] - uses("total")
        if "per_customer" in limits:
            used = 0 if customer is None else uses("customer", customer)
            room["customer"] = limits["per_customer"] - used
        if currency in limits.get("budget", {}):
            most = minor_units(limits["budget"][currency], currency)
            room["budget"] = Fraction(most - uses("budget", currency), 100)
        return {**_with_fractions(terms), "id": promotion.id, "room": room}

    def _adjust(
        self, lines: list[dict[str, Any]], id_: int, target: str, amounts: Sequence[int]
    ) -> None:
        currency = self._cart["currency"]
        for line, amount in zip(lines, amounts, strict=True):
            if amount:
                adjustment = {"promotion_id": id_, "target": target}
                adjustment["discount"] = show_amount(amount, currency)
                line.setdefault("adjustments", []).append(adjustment)
                left = minor_units(line["total"], currency) - amount
                line["total"] = show_amount(left, currency)

    def _note_applied(
        self, bill: Mapping[str, Any], promotions: Sequence[Mapping[str, Any]], id_: int, sum_: int
    ) -> None:
        (promotion,) = [one for one in promotions if one["id"] == id_]
        shown = self._outcome(id_, applied=True)
        shown["discount"] = show_amount(sum_, self._cart["currency"])
        if promotion["benefit"]["type"] == "tiers":
            above = rules.facts(promotion, bill, "next")
            if above is not None:
                shown["next"] = self._facts(*above)
        self._status[id_] = "applied"
        self.outcomes.append(shown)

    def _note_others(
        self,
        bill: Mapping[str, Any],
        promotions: Sequence[Mapping[str, Any]],
        why: Mapping[int, set[str]],
        target: str,
    ) -> None:
        known = {one["id"]: one for one in promotions}
        rows = []
        for id_, found in why.items():
            statuses = {_STATUSES.get(reason, "conditions_not_met") for reason in found}
            self._status[id_] = max(statuses, key=RANKS_OF_REASONS.index)
            reasons = []
            for reason in sorted(found, key=REASONS.index):
                facts = rules.facts(known[id_], bill, reason)
                more = {} if facts is None else self._facts(*facts)
                reasons.append({"reason": reason, **more})
            rows.append({**self._outcome(id_, applied=False), "reasons": reasons})
        for promotion in self._shop.cart_promotions.values():
            code = self._chosen.get(promotion.id)
            if promotion.terms["target"] == target and code is not None:
                problem = obstacle(self._shop, promotion, code, self._at, self._asker)
                if problem is not None:
                    shown = self._outcome(promotion.id, applied=False)
                    rows.append({**shown, "reasons": [{"reason": problem}]})
        self.outcomes += sorted(rows, key=lambda row: row["promotion_id"])

    def _outcome(self, id_: int, *, applied: bool) -> dict[str, Any]:
        promotion, code = self._shop.cart_promotions[id_], self._chosen[id_]
        shown: dict[str, Any] = {"promotion_id": id_, "target": promotion.terms["target"]}
        if code is not None:
            keys = [key for key, one in self._codes(promotion).items() if one is code]
            shown["code"] = self._texts[keys[0]]
        return {**shown, "applied": applied}

    def _facts(self, have: Any, need: Any) -> dict[str, Any]:
        values = {"have": have, "need": need, "missing": need - have}
        if isinstance(need, Fraction):
            currency = self._cart["currency"]
            return {name: show_amount(int(one * 100), currency) for name, one in values.items()}
        return values

    def taken(self) -> dict[int, tuple[Code | None, int]]:
        """What each promotion that applies takes off, in minor units, and the code it needed."""
        currency = self._cart["currency"]
        return {
            one["promotion_id"]: (
                self._chosen[one["promotion_id"]],
                minor_units(one["discount"], currency),
            )
            for one in self.outcomes
            if one["applied"]
        }


def obstacle(
    shop: Shop, promotion: CartPromotion, code: Code | None, at: datetime, asker: Asker
) -> str | None:
    """Why the promotion cannot apply at this time, with any cart."""
    if (reason := why_off(promotion, at)) is not None:
        return reason
    is_one_time = promotion.code_type == "one-time"
    if code is not None and is_one_time and asker.is_taken(shop, code):
        return "used"
    hours = promotion.terms["hours"]
    return None if hours is None or _is_within(hours, at) else "inactive"


def _is_within(hours: Mapping[str, Any], at: datetime) -> bool:
    """Whether the zone's local time is in the hours of that day or of the previous day."""
    wall = at.astimezone(ZoneInfo(hours["time_zone"])).replace(tzinfo=None)
    from_, until = time.fromisoformat(hours["from"]), time.fromisoformat(hours["until"])
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        last = day if until > from_ else day + timedelta(days=1)
        is_now = datetime.combine(day, from_) <= wall < datetime.combine(last, until)
        if is_now and _DAYS[day.weekday()] in hours.get("weekdays", _DAYS):
            return True
    return False


def _with_fractions(value: Any, name: str = "") -> Any:
    """The terms in the form of the rules: amounts by currency, and percents as fractions."""
    if isinstance(value, Mapping):
        if value and all(len(key) == 3 and key.isupper() for key in value):
            return {key: Fraction(minor_units(one, key), 100) for key, one in value.items()}
        return {key: _with_fractions(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_fractions(one) for one in value]
    return Fraction(value) if name == "percent" else value
