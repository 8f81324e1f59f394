"""Subscription promotions as their reference describes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.model.values import DECIMALS, compared, half_up, is_over, show_amount

Answer = tuple[int, object]
Rules = list[dict[str, Any]]


@dataclass
class SubscriptionPromotion:
    """A promotion; `usage` is the number of applications of its code."""

    id: str
    body: dict[str, Any]
    usage: int = 0
    archived: bool = False

    @property
    def constraint(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body.get("constraint") or {}
        return found

    def shown(self) -> dict[str, object]:
        """The parts of it that are compared."""
        return {
            "id": self.id,
            "enabled": self.body["enabled"],
            "name": self.body["name"],
            "code": self.body["code"],
            "rules": self.body["rules"],
            "maxUsage": self.constraint.get("maxUsage"),
            "usageCount": self.usage,
        }


class Subscriptions:
    """A merchant's subscription promotions and applications."""

    def __init__(self) -> None:
        self.promotions: dict[str, SubscriptionPromotion] = {}
        self.applications: dict[str, tuple[str, Rules, str]] = {}
        self.keys: dict[str, tuple[object, Answer]] = {}

    def find(self, id_: str) -> SubscriptionPromotion | None:
        """The promotion with this id, unless it was archived."""
        found = self.promotions.get(id_)
        return None if found is None or found.archived else found

    def create(self, body: Mapping[str, Any], given_id: Callable[[], str]) -> Answer:
        """`POST /promotion/v1/promotions` with a body without faults."""
        if not _in_order(body):
            return 422, {}
        if self._by_code(body["code"]) is not None:
            return 409, {}
        made = SubscriptionPromotion(given_id(), dict(body))
        self.promotions[made.id] = made
        return 201, made.shown()

    def change(self, id_: str, patch: Mapping[str, Any]) -> Answer:
        """`PATCH`: a merge patch."""
        found = self.find(id_)
        if found is None:
            return 404, {}
        after = merged(found.body, patch)
        limit = (after.get("constraint") or {}).get("maxUsage")
        if not _in_order(after) or (limit is not None and limit < found.usage):
            return 422, {}
        found.body = after
        return 200, found.shown()

    def archive(self, id_: str) -> Answer:
        """`DELETE`."""
        found = self.find(id_)
        if found is None:
            return 404, {}
        found.archived = True
        return 204, None

    def get(self, id_: str) -> Answer:
        """`GET`."""
        found = self.find(id_)
        return (404, {}) if found is None else (200, found.shown())

    def validate(self, id_: str, contract: Mapping[str, Any], now: datetime) -> Answer:
        """`_validate`; only `valid` is compared."""
        found = self.find(id_)
        return (404, {}) if found is None else (200, {"valid": _eligible(found, contract, now)})

    def apply(
        self,
        body: Mapping[str, Any],
        key: str,
        now: datetime,
        received: tuple[str, int],
        before: "Subscriptions | None" = None,
    ) -> Answer:
        """`_apply`. A repeated key gets the same answer and is not counted again.

        The application's id comes from `received`. With a limit, the uses are exact.
        Without a limit, nobody waits for concurrent applications, so these may or may not be
        counted: the uses are at least one more than `before`.
        """
        if key in self.keys:
            asked, answer = self.keys[key]
            return answer if asked == body else (409, {})
        found = self._by_code(body["promotionCode"])
        if found is None:
            return 404, {}
        if not _eligible(found, body["subscriptionContract"], now):
            return 409, {}
        found.usage += 1
        application, uses = received
        self.applications[application] = found.id, found.body["rules"], found.body["code"]
        answer = 200, {**found.shown(), "applicationId": application}
        if before is not None and found.constraint.get("maxUsage") is None:
            earlier = before.promotions.get(found.id)
            least = 1 if earlier is None else earlier.usage + 1
            answer[1]["usageCount"] = max(least, min(uses, found.usage))
        self.keys[key] = body, answer
        return answer

    def effect(
        self, subscription: Mapping[str, Any], currency: str, total: int
    ) -> tuple[int, dict[str, object]]:
        """The discount on an order in minor units, and its part of the answer."""
        considered = []
        for code in subscription["codes"]:
            promotion_id, rules = self._rules_of(code)
            number = subscription["order_number"]
            found = _best_rule(rules or [], code, number, currency, total)
            considered.append((code["code"], promotion_id, rules, found))
        giving = [one for one in considered if one[3] is not None]
        best = max(giving, key=lambda one: one[3][1] if one[3] else 0, default=None)
        discount = best[3][1] if best and best[3] else 0
        rows = []
        for one in considered:
            text, _, rules, found = one
            row: dict[str, object] = {"code": text, "applied": one is best}
            row["discount"] = show_amount(found[1] if found else 0, currency)
            if found:
                row["rule"] = found[0]
            if rules is None:
                row["reason"] = "unknown"
            elif not found:
                row["reason"] = "no_rule"
            elif one is not best:
                row["reason"] = "tie" if found[1] == discount else "lower_discount"
            rows.append(row)
        return discount, {
            "code": best[0] if best else None,
            "promotion_id": best[1] if best else None,
            "discount": show_amount(discount, currency),
            "order_number": subscription["order_number"],
            "considered": rows,
        }

    def _rules_of(self, code: Mapping[str, Any]) -> tuple[str | None, Rules | None]:
        """The applied version if the code names one; otherwise the current or last one."""
        if (named := code.get("application_id")) is not None:
            id_, rules, text = self.applications.get(named, (None, None, ""))
            # Applications of other codes do not count.
            return (id_, rules) if compared(text) == compared(code["code"]) else (None, None)
        same = [
            one
            for one in self.promotions.values()
            if compared(one.body["code"]) == compared(code["code"])
        ]
        if not same:
            return None, None
        last = max(same, key=lambda one: (not one.archived, int(one.id)))
        return last.id, last.body["rules"]

    def _by_code(self, code: str) -> SubscriptionPromotion | None:
        for one in self.promotions.values():
            if not one.archived and compared(one.body["code"]) == compared(code):
                return one
        return None


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by largest remainder; equal remainders go to the earlier part."""
    exact = [Fraction(amount * weight, sum(weights) or 1) for weight in weights]
    parts = [int(part) for part in exact]
    by_rest = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in by_rest[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def _eligible(promotion: SubscriptionPromotion, contract: Mapping[str, Any], now: datetime) -> bool:
    constraint = promotion.constraint
    start, end = (_moment(constraint.get(name)) for name in ("promoStartAt", "promoEndAt"))
    wanted = constraint.get("subscription") or {}
    limit = constraint.get("maxUsage")
    return (
        bool(promotion.body["enabled"])
        and (start is None or start <= now)
        and not is_over(end, now)
        and not (wanted.get("newOnly") and contract["createdAt"] is not None)
        and (not wanted.get("typeIds") or contract["subscriptionTypeId"] in wanted["typeIds"])
        and compared(promotion.body["code"])
        not in {compared(one["code"]) for one in contract["discounts"]}
        and (limit is None or promotion.usage < limit)
    )


def _best_rule(
    rules: Rules, code: Mapping[str, Any], number: int, currency: str, total: int
) -> tuple[int, int] | None:
    """The index and the discount of the best rule for the order."""
    places = {
        "ORDER_NUMBER_AFTER_APPLIED": number - code["first_order_number"] + 1,
        "SUBSCRIPTION_CONTRACT_ORDER_NUMBER": number,
    }
    found = []
    for index, rule in enumerate(rules):
        kinds = {condition["conditionType"] for condition in rule["conditions"]}
        holds = all(
            any(
                int(condition["value"]) == places[kind]
                for condition in rule["conditions"]
                if condition["conditionType"] == kind
            )
            for kind in kinds
        )
        if holds:
            amount = Fraction(rule["effect"]["amount"])
            if rule["effect"]["effectType"] == "PERCENTAGE_DISCOUNT":
                discount = half_up(total * amount / 100)
            else:
                discount = min(total, half_up(amount * 10 ** DECIMALS[currency]))
            found.append((index, discount))
    return max(found, key=lambda one: one[1], default=None)


def _in_order(body: Mapping[str, Any]) -> bool:
    constraint = body.get("constraint") or {}
    start, end = (_moment(constraint.get(name)) for name in ("promoStartAt", "promoEndAt"))
    return start is None or end is None or start <= end


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def merged(body: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396)."""
    after = dict(body)
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            after[name] = merged(after.get(name) or {}, value)
        else:
            after[name] = value
    return after
