"""What is wrong with a product's fields, in English: the end of a sentence about the field."""

from collections.abc import Mapping
from typing import Final

from sconto.api.ids import PRODUCT_ID_RULE
from sconto.domain.money import currency_decimals
from sconto.domain.names import NAME_LENGTH
from sconto.domain.product import MAX_TAGS, FieldRule, ProductFault

NAME_RULE: Final = (
    f"must have 1 to {NAME_LENGTH} characters, not only blanks, no control characters"
)

_SENTENCES: Final[Mapping[FieldRule, str]] = {
    FieldRule.KNOWN: "is unknown",
    FieldRule.PRESENT: "is missing",
    FieldRule.PRODUCT_ID: PRODUCT_ID_RULE,
    FieldRule.TEXT: "must be a string",
    FieldRule.NAME: NAME_RULE,
    FieldRule.TAGS: f"must be a list of at most {MAX_TAGS} strings of 1 to 64 characters",
    FieldRule.AMOUNT_AS_TEXT: 'must be a string such as "19.99"',
    FieldRule.AMOUNT: "must be an amount from 0 to below 10^12",
    FieldRule.CURRENCY: "must be an ISO 4217 code",
    FieldRule.NO_THOUSANDS: "may be meant in thousands: write 1000 or 1.00",
    FieldRule.OTHER_CURRENCY: "is in another currency than the product",
}


def say_product_fault(fault: ProductFault) -> str:
    """Why the field cannot be taken."""
    sentence = _SENTENCES[fault.rule]
    return sentence if fault.currency is None else f"{sentence} {_decimals_of(fault.currency)}"


def _decimals_of(currency: str) -> str:
    decimals = currency_decimals(currency)
    if decimals == 0:
        return f"such as 19: {currency} has no decimals"
    return f"such as 19.99, with at most {decimals} decimals"
