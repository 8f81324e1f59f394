"""Writes a promotion, field by field, in the documentation's order."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sconto.api.long_answers import parts_of
from sconto.api.merchant.instants import format_instant, no_end
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import format_percent
from sconto.domain.promotion import Promotion, PromotionType, Terms


def write_promotion(promotion: Promotion, zone: ZoneInfo) -> dict[str, object]:
    """The answer to GET: every field, with defaults filled in and times in that zone."""
    summary = promotion.summary
    answer: dict[str, object] = {
        "id": summary.id,
        "promotion_type": summary.type.value,
        "promotion_name": summary.name,
        "status": summary.active,
        "date_from": format_instant(summary.period.starts_at, zone),
        "date_to": format_instant(summary.period.ends_at or no_end(zone), zone),
        "update_date": format_instant(summary.updated_at, zone),
    }
    match summary.type:
        case PromotionType.COUPON:
            answer["coupons"] = _write_coupons(promotion.terms)
        case PromotionType.DISCOUNT:
            answer["discounts"] = _write_coverage(promotion.terms.coverage)
    return answer


def write_promotion_in_parts(promotion: Promotion, zone: ZoneInfo) -> Iterator[bytes]:
    """The same as JSON, in parts: there may be a million codes and products."""
    yield from parts_of(write_promotion(promotion, zone))


def _write_coupons(terms: Terms) -> dict[str, object]:
    """Without `coupon_type` if it was never set."""
    code_type = {} if terms.code_type is None else {"coupon_type": terms.code_type.value}
    return {**code_type, "coupon_code": list(terms.codes), **_write_coverage(terms.coverage)}


def _write_coverage(coverage: Coverage) -> dict[str, object]:
    match coverage:
        case AllProducts(percent=percent):
            return {"discount_percent": format_percent(percent)}
        case ListedProducts(percent=percent, product_ids=product_ids):
            return {"discount_percent": format_percent(percent), "product_id": list(product_ids)}
        case OwnPercents(percents=percents):
            items = [
                {"product_id": product_id, "discount_percent": format_percent(percent)}
                for product_id, percent in percents.items()
            ]
            return {"products": items}
