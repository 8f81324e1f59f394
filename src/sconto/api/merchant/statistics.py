"""Statistics: reading the request and writing the answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from sconto.api.faults import first_names
from sconto.api.ids import is_id
from sconto.api.merchant.errors import Fault, fault
from sconto.api.merchant.values import text_of
from sconto.domain.codes import CodeType
from sconto.domain.statistics import CodeUses


@dataclass(frozen=True, slots=True)
class StatisticsQuestion:
    """The promotion that a body asks about; `promotion_id` is None if it is absent or not valid."""

    promotion_id: str | None
    faults: tuple[Fault, ...]


def read_statistics_question(body: Mapping[str, object]) -> StatisticsQuestion:
    """Read a body with only an `id`: a number, or a string of digits."""
    text = text_of(body.get("id"))
    promotion_id = text if is_id(text) else None
    invalid = [] if promotion_id is not None else ["id"]
    unknown = first_names(name for name in body if name != "id")
    return StatisticsQuestion(
        promotion_id, tuple(fault(11010, name) for name in [*invalid, *unknown])
    )


class _WrittenCodeUses(msgspec.Struct, gc=False):
    """The uses of a code in the answer."""

    coupon_code: str
    coupon_type: CodeType
    coupon_uses: int
    coupon_id: int


def write_statistics(uses: int, parts: Iterable[Sequence[CodeUses]] | None) -> Iterator[bytes]:
    """The answer, in parts; without `coupons` for a promotion that never had a code.

    There may be a million codes: structs are encoded in a third of the time that dicts take.
    """
    start = f'{{"promotion_uses":{uses}'
    if parts is None:
        yield f"{start}}}".encode()
        return
    yield f'{start},"coupons":['.encode()
    separator = b""
    for part in parts:
        codes = [_WrittenCodeUses(one.code, one.code_type, one.uses, one.code_id) for one in part]
        yield separator + msgspec.json.encode(codes)[1:-1]
        separator = b","
    yield b"]}"
