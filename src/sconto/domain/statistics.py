"""How often the codes of a promotion were used."""

import msgspec

from sconto.domain.codes import CodeType


class CodeUses(msgspec.Struct, frozen=True, gc=False):
    """The redemptions of one code while it was of one type.

    A code that was redeemed under both types is listed twice. The uses of a promotion's codes may
    add up to less than the promotion's, because it may have been automatic for a while.
    """

    code_id: int
    code: str
    code_type: CodeType
    uses: int
