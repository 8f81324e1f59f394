"""How often a promotion and its codes were used."""

from dataclasses import dataclass

import msgspec

from sconto.domain.codes import CodeType


class CodeUses(msgspec.Struct, frozen=True, gc=False):
    """The redemptions of one code while it was of one type."""

    code_id: int
    code: str
    code_type: CodeType
    uses: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The redemptions of a promotion, in all and by code.

    `codes` is None for an automatic promotion that never had codes. A code that was redeemed under
    both types is listed twice. The uses of the codes may add up to less than `uses`, because the
    promotion may have been automatic for a while.
    """

    uses: int
    codes: tuple[CodeUses, ...] | None
