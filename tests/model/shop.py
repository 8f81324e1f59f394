"""A merchant as in the reference: promotions, codes, orders, and the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.model import values
from tests.model.faults import Fault, faults_of, own_percents
from tests.model.subscriptions import Subscriptions
from tests.model.values import compared, show_instant, show_percent

Answer = tuple[int, object]
"""A status and a body."""


@dataclass
class Code:
    """A code of a promotion; `serial` numbers codes in the order of their creation."""

    serial: int
    text: str
    removed: bool = False
    used_by: str | None = None
    used_at: datetime | None = None
    uses: dict[str, int] = field(default_factory=dict)


@dataclass
class Promotion:
    """A promotion; `percent` is None if each product has its own percent in `own`."""

    id: int
    type: str
    name: str
    active: bool
    starts: datetime
    ends: datetime | None
    updated: datetime
    percent: Fraction | None = None
    listed: list[int] | None = None
    own: dict[int, Fraction] = field(default_factory=dict)
    code_type: str | None = None
    codes: list[Code] = field(default_factory=list)
    """All codes that it ever had; the current ones are in the order in which they were sent."""
    had_codes: bool = False
    uses: int = 0
    deleted: bool = False

    def percent_on(self, product: int) -> Fraction | None:
        """The percent on a product; None if it is not covered."""
        if self.own:
            return self.own.get(product)
        return self.percent if self.listed is None or product in self.listed else None

    def present_codes(self) -> list[Code]:
        """The codes that it has now."""
        return [code for code in self.codes if not code.removed]


@dataclass
class CartPromotion:
    """A cart promotion; `terms` are the reference's fields as sent."""

    id: int
    name: str
    active: bool
    starts: datetime
    ends: datetime | None
    terms: dict[str, Any]
    code_type: str | None = None
    codes: list[Code] = field(default_factory=list)
    had_codes: bool = False
    deleted_at: datetime | None = None

    @property
    def deleted(self) -> bool:
        """Whether it is deleted. It may be restored later."""
        return self.deleted_at is not None

    def present_codes(self) -> list[Code]:
        """The codes that it has now."""
        return [code for code in self.codes if not code.removed]


def why_off(promotion: Promotion | CartPromotion, at: datetime) -> str | None:
    """Why the promotion does not run at a time; None if it runs."""
    if not promotion.active:
        return "inactive"
    if at < promotion.starts:
        return "not_started"
    return "expired" if values.is_over(promotion.ends, at) else None


class Shop:
    """Everything that one merchant has, and the answers that Sconto must give."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.products: set[int] = set()
        self.promotions: dict[int, Promotion] = {}
        self.cart_promotions: dict[int, CartPromotion] = {}
        self.tags: dict[int, set[str]] = {}
        self.orders: dict[str, Any] = {}
        self.holds: dict[str, Any] = {}
        self.code_ids: dict[int, int] = {}
        self.subscriptions = Subscriptions()
        self._serial = 0

    def find(self, promotion_id: str) -> Promotion | None:
        """The promotion with the id that was sent."""
        if not promotion_id.isdecimal() or promotion_id.startswith("0"):
            return None
        found = self.promotions.get(int(promotion_id))
        return None if found is None or found.deleted else found

    def newest_id(self) -> int:
        """The largest id; promotions of both kinds share their numbers."""
        return max((*self.promotions, *self.cart_promotions), default=0)

    def create(self, body: Mapping[str, Any], now: datetime, given_id: Callable[[], int]) -> Answer:
        """`POST /v1/promotion`; `given_id` returns the new promotion's id."""
        start = now.replace(microsecond=0)
        faults = faults_of(body, self.products, self.zone, (None, start, None))
        if faults:
            return refused(faults)
        id_ = given_id()
        if id_ <= self.newest_id():
            return 200, "an id that is larger than all before"
        made = Promotion(id_, "", "", True, start, None, now)
        self.promotions[id_] = made
        self._change(made, body, now)
        return 200, {"id": id_}

    def patch(self, promotion_id: str, body: Mapping[str, Any], now: datetime) -> Answer:
        """`PATCH /v1/promotion/{id}`."""
        found = self.find(promotion_id)
        if found is None:
            return not_found(promotion_id)
        faults = faults_of(body, self.products, self.zone, (found.type, found.starts, found.ends))
        if faults:
            return refused(faults)
        self._change(found, body, now)
        return 200, {}

    def get(self, promotion_id: str) -> Answer:
        """`GET /v1/promotion/{id}`."""
        found = self.find(promotion_id)
        if found is None:
            return not_found(promotion_id)
        terms: dict[str, object] = {}
        if found.type == "coupon":
            if found.code_type is not None:
                terms["coupon_type"] = found.code_type
            terms["coupon_code"] = [code.text for code in found.present_codes()]
        if found.percent is not None:
            terms["discount_percent"] = show_percent(found.percent)
        if found.listed is not None:
            terms["product_id"] = found.listed
        if found.own:
            terms["products"] = [
                {"product_id": product, "discount_percent": show_percent(percent)}
                for product, percent in found.own.items()
            ]
        return 200, {
            "id": found.id,
            "promotion_type": found.type,
            "promotion_name": found.name,
            "status": found.active,
            "date_from": show_instant(found.starts, self.zone),
            "date_to": show_instant(found.ends or values.no_end(self.zone), self.zone),
            "update_date": show_instant(found.updated, self.zone),
            f"{found.type}s": terms,
        }

    def delete(self, promotion_id: str) -> Answer:
        """`DELETE /v1/promotion/{id}`."""
        found = self.find(promotion_id)
        if found is None:
            return not_found(promotion_id)
        found.deleted = True
        return 200, {}

    def list(self, query: Mapping[str, str], now: datetime) -> Answer:
        """`GET /v1/promotion`."""
        found = [one for one in self.promotions.values() if not one.deleted]
        if (status := query.get("status")) is not None:
            found = [one for one in found if one.active is (status == "1")]
        if (expired := query.get("expired")) is not None:
            over = [one for one in found if values.is_over(one.ends, now)]
            found = [one for one in found if (one in over) is (expired == "1")]
        if (part := query.get("search_string")) is not None:
            found = [one for one in found if part.lower() in one.name.lower()]
        sort = query.get("sort_by_update_date")
        if sort is None:
            found.sort(key=lambda one: one.id, reverse=True)
        else:
            found.sort(key=lambda one: (one.updated, one.id), reverse=sort == "desc")
        ids = [one.id for one in found][int(query.get("offset", "0")) :]
        return 200, {"ids": ids[: int(query["limit"])] if "limit" in query else ids}

    def statistics(self, promotion_id: str, learn: Callable[[], Sequence[int]]) -> Answer:
        """`POST /v1/promotion/statistics`; `learn` returns the ids of the codes in the answer."""
        found = self.find(promotion_id)
        if found is None:
            return not_found(promotion_id)
        answer: dict[str, object] = {"promotion_uses": found.uses}
        if found.type == "coupon" or found.had_codes:
            rows = [
                (code, type_, uses)
                for code in sorted(found.codes, key=lambda code: code.serial)
                for type_, uses in sorted(
                    code.uses.items()
                    if code.uses
                    else []
                    if code.removed
                    else [(found.code_type or "reusable", 0)]
                )
            ]
            self._learn([code for code, _, _ in rows], learn())
            answer["coupons"] = [
                {
                    "coupon_code": code.text,
                    "coupon_type": type_,
                    "coupon_uses": uses,
                    "coupon_id": self.code_ids.get(code.serial),
                }
                for code, type_, uses in rows
            ]
        return 200, answer

    def _learn(self, codes: Sequence[Code], ids: Sequence[int]) -> None:
        """Store new ids of codes if they ascend in the order of creation."""
        if len(codes) != len(ids):
            return
        seen = {**self.code_ids}
        for code, id_ in zip(codes, ids, strict=True):
            seen.setdefault(code.serial, id_)
        in_order = [seen[serial] for serial in sorted(seen)]
        if in_order == sorted(set(in_order)):
            self.code_ids = seen

    def _change(self, promotion: Promotion, body: Mapping[str, Any], now: datetime) -> None:
        """Make the changes of a body without faults."""
        promotion.type = body["promotion_type"]
        promotion.name = body.get("promotion_name", promotion.name)
        promotion.active = body.get("status", promotion.active)
        if "date_from" in body:
            promotion.starts = values.instant(body["date_from"]) or promotion.starts
        if "date_to" in body:
            end = values.instant(body["date_to"])
            promotion.ends = None if end == values.no_end(self.zone) else end
        promotion.updated = now
        terms = body.get(f"{promotion.type}s")
        if terms is None:
            return
        promotion.percent = values.percent(terms.get("discount_percent"))
        promotion.listed = None
        if "product_id" in terms:
            promotion.listed = [int(one) for one in terms["product_id"]]
        promotion.own = own_percents(terms["products"]) if "products" in terms else {}
        promotion.code_type = terms.get("coupon_type")
        self.change_codes(promotion, terms.get("coupon_code", []))

    def change_codes(self, promotion: "Promotion | CartPromotion", texts: Sequence[str]) -> None:
        """Give a promotion these codes. Codes that it already has keep their ids."""
        present = {compared(code.text): code for code in promotion.present_codes()}
        kept: list[Code] = []
        for text in texts:
            code = present.pop(compared(text), None)
            if code is None:
                self._serial += 1
                code = Code(self._serial, text)
            code.text = text
            kept.append(code)
        for code in present.values():
            code.removed = True
        gone = [code for code in promotion.codes if code.removed]
        promotion.codes = gone + kept
        promotion.had_codes = promotion.had_codes or bool(kept)


def refused(faults: Sequence[Fault]) -> Answer:
    """400 with these errors."""
    return 400, {"errors": [{"error": code, "message": message} for code, message in faults]}


def not_found(promotion_id: str) -> Answer:
    """404 about this id."""
    faults = [{"error": 11200, "message": f"Promotion not found: {promotion_id}"}]
    return 404, {"errors": faults}
