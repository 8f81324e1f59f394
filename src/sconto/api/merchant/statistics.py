"""Statistics on the wire: whose are asked for, and how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass

from sconto.api.faults import first_names
from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.ids import is_id
from sconto.api.merchant.values import text_of
from sconto.domain.statistics import CodeUses, Statistics


@dataclass(frozen=True, slots=True)
class StatisticsQuestion:
    """Whose statistics a body asks for; `promotion_id` is None where it says none, or no id."""

    promotion_id: str | None
    faults: tuple[Fault, ...]


def read_statistics_question(body: Mapping[str, object]) -> StatisticsQuestion:
    """Read a body that has an `id`, as a number or as a string of digits, and nothing else."""
    text = text_of(body.get("id"))
    promotion_id = text if is_id(text) else None
    invalid = [] if promotion_id is not None else ["id"]
    unknown = first_names(name for name in body if name != "id")
    return StatisticsQuestion(
        promotion_id, tuple(fault(11010, name) for name in [*invalid, *unknown])
    )


def write_statistics(statistics: Statistics) -> dict[str, object]:
    """The answer; without `coupons` for a promotion that never had a code."""
    answer: dict[str, object] = {"promotion_uses": statistics.uses}
    if statistics.codes is not None:
        answer["coupons"] = [_write_code(uses) for uses in statistics.codes]
    return answer


def _write_code(uses: CodeUses) -> dict[str, object]:
    return {
        "coupon_code": uses.code,
        "coupon_type": uses.code_type.value,
        "coupon_uses": uses.uses,
        "coupon_id": uses.code_id,
    }
