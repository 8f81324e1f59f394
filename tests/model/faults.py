"""The faults of a promotion's body, in the order of the reference's table of fields."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.model.values import compared, instant, is_string, no_end, percent, whole_number

Fault = tuple[int, str]

FIELDS = (
    "promotion_type", "promotion_name", "status", "date_from", "date_to",
    "coupons", "coupons.coupon_type", "coupons.coupon_code", "coupons.discount_percent",
    "coupons.product_id", "coupons.products",
    "discounts", "discounts.discount_percent", "discounts.product_id", "discounts.products",
)  # fmt: skip

_LEAVES = {
    "coupons": ("coupon_type", "coupon_code", "discount_percent", "product_id", "products"),
    "discounts": ("discount_percent", "product_id", "products"),
}
_OBJECT_OF = {"coupon": "coupons", "discount": "discounts"}
_REPEATED = {"coupons": 11030, "discounts": 11031}
_TWO_LISTS = {"coupons": 11035, "discounts": 11036}
_NO_DISCOUNT = {"coupons": 11040, "discounts": 11041}
_TWO_DISCOUNTS = {"coupons": 11045, "discounts": 11046}


class Faults:
    """The errors about a body, each with its field."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int, str]] = []

    def add(self, field: str, code: int, message: str) -> None:
        place = FIELDS.index(field) if field in FIELDS else len(FIELDS)
        self.found.append((place, code, message))

    def invalid(self, field: str, leaf: str = "") -> None:
        self.add(field, 11010, f"Invalid field value: {leaf or field.rpartition('.')[2]}")

    def unknown(self, name: str) -> None:
        self.add("", 11010, f"Invalid field value: {name}")

    def listed(self) -> list[Fault]:
        """The errors by field, then by error code, each once."""
        ordered = sorted(self.found, key=lambda fault: fault[:2])
        return list(dict.fromkeys((code, message) for _, code, message in ordered))


def faults_of(
    body: Mapping[str, object],
    products: Collection[int],
    zone: ZoneInfo,
    stored: tuple[str | None, datetime, datetime | None],
) -> list[Fault]:
    """All errors. `stored` is the stored type, start and end; the type is None for a new one."""
    faults = Faults()
    type_ = body.get("promotion_type")
    if type_ not in ("coupon", "discount") or not is_string(type_):
        faults.invalid("promotion_type")
        type_ = None
    if ("promotion_name" in body or stored[0] is None) and not is_name(body.get("promotion_name")):
        faults.invalid("promotion_name")
    if "status" in body and not isinstance(body["status"], bool):
        faults.invalid("status")
    _check_period(body, zone, stored, faults)
    for name in _LEAVES:
        if name in body:
            if type_ is not None and name != _OBJECT_OF[type_]:
                faults.add(
                    name, 11090, "Request data and promotion type do not match (promotion_type)."
                )
            # An object that must not be sent has no missing or repeated fields.
            fits = type_ is None or name == _OBJECT_OF[type_]
            _check_object(name, body[name], faults, fits=fits)
        elif type_ is not None and name == _OBJECT_OF[type_] and type_ != stored[0]:
            _note_missing(name, faults)
            if name == "coupons":
                _note_no_codes(faults)
    _check_products(body, products, faults)
    _check_names(body, faults)
    return faults.listed()


def _check_names(body: Mapping[str, object], faults: Faults) -> None:
    for name, value in body.items():
        if name not in FIELDS or "." in name:
            faults.unknown(name)
        elif name in _LEAVES and isinstance(value, dict):
            for leaf, inner in value.items():
                if leaf not in _LEAVES[name]:
                    faults.unknown(leaf)
                elif leaf == "products" and isinstance(inner, list):
                    for item in inner:
                        for member in item if isinstance(item, dict) else ():
                            if member not in ("product_id", "discount_percent"):
                                faults.unknown(member)


def is_name(value: object) -> bool:
    """1 to 255 characters, not blank, no control characters."""
    return (
        isinstance(value, str)
        and is_string(value)
        and 1 <= len(value) <= 255
        and value.strip() != ""
        and not any(unicodedata.category(letter) == "Cc" for letter in value)
    )


def is_code(value: object) -> bool:
    """1 to 30 Latin and Cyrillic letters, digits, dashes, underscores and dots."""
    return (
        isinstance(value, str)
        and is_string(value)
        and 1 <= len(value := unicodedata.normalize("NFC", value)) <= 30
        and all(
            re.match("[A-Za-z0-9_.-]", letter)
            or ("\u0400" <= letter <= "\u04ff" and unicodedata.category(letter)[0] == "L")
            for letter in value
        )
    )


def key_of(text: str) -> str:
    """The key of a code, ignoring case; a text that cannot be a code keeps its case."""
    key = compared(text)
    return key if is_code(key) else text


def listed_products(leaf: str, value: object) -> list[int]:
    """The valid ids in `product_id` or `products`; others are left out."""
    ids = value if isinstance(value, list) else []
    if leaf == "products":
        ids = [item.get("product_id") for item in ids if isinstance(item, dict)]
    return [number for one in ids if (number := whole_number(one)) is not None]


def _check_period(
    body: Mapping[str, object],
    zone: ZoneInfo,
    stored: tuple[str | None, datetime, datetime | None],
    faults: Faults,
) -> None:
    ends: list[datetime | None] = []
    for name, otherwise in (("date_from", stored[1]), ("date_to", stored[2] or no_end(zone))):
        ends.append(instant(body[name]) if name in body else otherwise)
        if ends[-1] is None:
            faults.invalid(name)
    start, end = ends
    if start is not None and end is not None and start > end:
        faults.add("date_to", 11050, "Promotion validity period (date_from, date_to) is incorrect.")


def _check_object(name: str, value: object, faults: Faults, *, fits: bool) -> None:
    if not isinstance(value, dict):
        faults.invalid(name)
        return
    if name == "coupons":
        _check_codes(value, faults, fits=fits)
    if "discount_percent" in value and percent(value["discount_percent"]) is None:
        faults.invalid(f"{name}.discount_percent")
    if "product_id" in value:
        ids = value["product_id"]
        if not isinstance(ids, list) or not ids or any(whole_number(one) is None for one in ids):
            faults.invalid(f"{name}.product_id")
        if fits:
            _check_repeats(name, "product_id", ids, faults)
    if "products" in value:
        _check_own(name, value["products"], faults)
        if fits:
            _check_repeats(name, "products", value["products"], faults)
    if not fits:
        return
    last = f"{name}.products"
    if "product_id" in value and "products" in value:
        faults.add(
            last,
            _TWO_LISTS[name],
            "Product list has been sent twice. Transfer only one of the two options: "
            f"{name}.product_id or {name}.products.",
        )
    if "discount_percent" in value and "products" in value:
        faults.add(
            last,
            _TWO_DISCOUNTS[name],
            "Discounts has been sent twice. Transfer only one of the two options: "
            "discount_percent or products.discount_percent.",
        )
    if "discount_percent" not in value and "products" not in value:
        _note_missing(name, faults)


def _check_codes(value: Mapping[str, object], faults: Faults, *, fits: bool) -> None:
    if "coupon_type" in value and value["coupon_type"] not in ("one-time", "reusable"):
        faults.invalid("coupons.coupon_type")
    codes = value.get("coupon_code", [])
    if codes == []:
        if fits:
            _note_no_codes(faults)
        return
    if not isinstance(codes, list):
        faults.invalid("coupons.coupon_code")
        return
    if not all(map(is_code, codes)):
        faults.invalid("coupons.coupon_code")
    keys = [compared(code) for code in codes if isinstance(code, str) and is_code(code)]
    if fits and len(set(keys)) < len(keys):
        faults.add(
            "coupons.coupon_code",
            11080,
            "Coupons.coupon_code list must not contain duplicate values.",
        )


def _check_own(name: str, items: object, faults: Faults) -> None:
    field = f"{name}.products"
    if not isinstance(items, list) or not items:
        faults.invalid(field)
        return
    members = [item for item in items if isinstance(item, dict)]
    if len(members) < len(items):
        faults.invalid(field)
    if any(whole_number(item.get("product_id")) is None for item in members):
        faults.invalid(field, "product_id")
    if any(percent(item.get("discount_percent")) is None for item in members):
        faults.invalid(field, "discount_percent")


def _check_repeats(name: str, leaf: str, items: object, faults: Faults) -> None:
    ids = listed_products(leaf, items)
    for one in dict.fromkeys(ids):
        if ids.count(one) > 1:
            faults.add(
                f"{name}.{leaf}",
                _REPEATED[name],
                f"Same product can be listed only once ({one}) within one promotion.",
            )


def _check_products(body: Mapping[str, object], products: Collection[int], faults: Faults) -> None:
    """One error about all unknown products, at the last field that names one."""
    unknown: dict[int, None] = {}
    fields: list[str] = []
    for name, value in body.items():
        if name in _LEAVES and isinstance(value, dict):
            for leaf in (leaf for leaf in value if leaf in ("product_id", "products")):
                missing = [one for one in listed_products(leaf, value[leaf]) if one not in products]
                if missing:
                    unknown |= dict.fromkeys(missing)
                    fields.append(f"{name}.{leaf}")
    if unknown:
        last = max(fields, key=FIELDS.index)
        faults.add(last, 11020, f"Product not found: {', '.join(map(str, unknown))}")


def _note_missing(name: str, faults: Faults) -> None:
    faults.add(
        f"{name}.products",
        _NO_DISCOUNT[name],
        "No discount is set. Provide values for parameters: "
        f"{name}.discount_percent or {name}.products.discount_percent.",
    )


def _note_no_codes(faults: Faults) -> None:
    faults.add(
        "coupons.coupon_code",
        11070,
        "No coupon code is set. Provide at least one value for coupons.coupon_code.",
    )


def own_percents(items: object) -> dict[int, Fraction]:
    """The percents of a valid `products`."""
    assert isinstance(items, list)
    return {
        whole_number(item["product_id"]) or 0: percent(item["discount_percent"]) or Fraction(0)
        for item in items
    }
