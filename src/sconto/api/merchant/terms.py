"""Reads the objects `coupons` and `discounts` of a promotion's body."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sconto.api.faults import first_faults
from sconto.api.merchant.errors import fault
from sconto.api.merchant.findings import Findings, Path
from sconto.api.merchant.values import (
    Products,
    read_code_type,
    read_codes,
    read_own_percents,
    read_percent,
    read_product_ids,
)
from sconto.domain.codes import CodeType, count_different
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.promotion import PromotionType, Terms


@dataclass(frozen=True, slots=True)
class TermsObject:
    """One of the two objects: its name and the codes of its errors."""

    name: str
    type: PromotionType
    repeated_product: int
    two_product_lists: int
    no_discount: int
    two_discounts: int

    @property
    def has_codes(self) -> bool:
        """Whether promotion codes are among its fields."""
        return self.type is PromotionType.COUPON

    def path(self, leaf: str) -> Path:
        """The path of one of its fields."""
        return (self.name, leaf)


COUPONS: Final = TermsObject("coupons", PromotionType.COUPON, 11030, 11035, 11040, 11045)
DISCOUNTS: Final = TermsObject("discounts", PromotionType.DISCOUNT, 11031, 11036, 11041, 11046)


@dataclass(frozen=True, slots=True)
class SentTerms:
    """The terms in one of the objects, if complete, and the products in it.

    `product_ids` has the valid ids of each field that lists products, even if the field has faults.
    """

    terms: Terms | None
    product_ids: Mapping[Path, tuple[int, ...]]


def note_missing_terms(kind: TermsObject, findings: Findings) -> None:
    """Note that the object that the promotion's type needs is absent."""
    if kind.has_codes:
        findings.note(kind.path("coupon_code"), fault(11070))
    findings.note(kind.path("products"), fault(kind.no_discount))


def read_terms(
    sent: object, kind: TermsObject, type_sent: PromotionType | None, findings: Findings
) -> SentTerms:
    """Read an object that is present, and note its errors.

    An object of another type than the promotion's must be absent (11090). Then only its values,
    names and products are checked, not what is missing or repeated in it. Without a valid type both
    objects are checked fully.
    """
    fits = type_sent in (None, kind.type)
    if not fits:
        findings.note((kind.name,), fault(11090))
    if not isinstance(sent, dict):
        findings.note_invalid((kind.name,))
        return SentTerms(None, {})
    code_type, codes = _read_codes(sent, kind, fits, findings) if kind.has_codes else (None, ())
    percent = read_percent(sent.get("discount_percent"))
    if "discount_percent" in sent and percent is None:
        findings.note_invalid(kind.path("discount_percent"))
    listed = read_product_ids(sent["product_id"]) if "product_id" in sent else None
    own = read_own_percents(sent["products"]) if "products" in sent else None
    products = {
        kind.path(leaf): found
        for leaf, found in (("product_id", listed), ("products", own))
        if found is not None
    }
    _note_faulty_products(products, findings)
    if fits:
        _note_repeats(products, kind, findings)
        _note_what_excludes(sent, kind, findings)
    coverage = _coverage(percent, listed, own)
    return SentTerms(
        terms=None if coverage is None else Terms(coverage, code_type, codes),
        product_ids={path: found.ids for path, found in products.items()},
    )


def _read_codes(
    sent: Mapping[str, object], kind: TermsObject, fits: bool, findings: Findings
) -> tuple[CodeType | None, tuple[str, ...]]:
    code_type = read_code_type(sent.get("coupon_type"))
    if "coupon_type" in sent and code_type is None:
        findings.note_invalid(kind.path("coupon_type"))
    codes = read_codes(sent.get("coupon_code", []))
    if codes.faulty:
        findings.note_invalid(kind.path("coupon_code"))
    if fits and not codes.valid and not codes.faulty:
        findings.note(kind.path("coupon_code"), fault(11070))
    if fits and count_different(codes.valid) < len(codes.valid):
        findings.note(kind.path("coupon_code"), fault(11080))
    return code_type, codes.valid


def _note_faulty_products(products: Mapping[Path, Products], findings: Findings) -> None:
    for path, found in products.items():
        for leaf in found.faulty:
            findings.note_invalid(path, leaf)


def _note_repeats(products: Mapping[Path, Products], kind: TermsObject, findings: Findings) -> None:
    for path, found in products.items():
        for product_id in first_faults(_repeated(found.ids)):
            findings.note(path, fault(kind.repeated_product, product_id))


def _repeated(product_ids: Iterable[int]) -> Iterator[int]:
    # Not a Counter, which counts a million elements in a single call into C.
    times: dict[int, int] = {}
    for product_id in product_ids:
        times[product_id] = times.get(product_id, 0) + 1
    return (product_id for product_id, number in times.items() if number > 1)


def _note_what_excludes(sent: Mapping[str, object], kind: TermsObject, findings: Findings) -> None:
    """Note two lists of products, two kinds of percent, or no percent."""
    last = kind.path("products")
    if "product_id" in sent and "products" in sent:
        findings.note(last, fault(kind.two_product_lists))
    if "discount_percent" in sent and "products" in sent:
        findings.note(last, fault(kind.two_discounts))
    if "discount_percent" not in sent and "products" not in sent:
        findings.note(last, fault(kind.no_discount))


def _coverage(
    percent: int | None, listed: Products | None, own: Products | None
) -> Coverage | None:
    if own is not None:
        return OwnPercents(dict(zip(own.ids, own.percents, strict=False)))
    if percent is None:
        return None
    return AllProducts(percent) if listed is None else ListedProducts(percent, listed.ids)
