"""What /docs says of the checkout API's bodies, as JSON Schema."""

from collections.abc import Mapping
from typing import Any, Final

from sconto.api.problem_json import PROBLEM_MEMBERS
from sconto.domain.cart_limits import (
    LONGEST_CODE_OF_CART,
    MOST_CODES_OF_CART,
    MOST_CODES_OF_SUBSCRIPTION,
    MOST_LINES_OF_CART,
    MOST_PRICES,
    MOST_UNITS_OF_LINE,
)
from sconto.domain.choice import Group, Reason
from sconto.domain.code_outcomes import CodeStatus
from sconto.domain.names import NAME_LENGTH, REFERENCE_LENGTH
from sconto.domain.order import OrderStatus
from sconto.domain.product import HIGHEST_PRODUCT_ID
from sconto.domain.promotion import PromotionType
from sconto.domain.subscription import LAST_ORDER_NUMBER, CodeReason

Schema = dict[str, Any]


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_REFERENCE: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": REFERENCE_LENGTH,
    "description": "The shop's own id; no control characters.",
}
_CURRENCY: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Z]{3}$",
    "description": "An ISO 4217 code.",
}
_PRODUCT_ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": HIGHEST_PRODUCT_ID}
_PRICE: Final[Schema] = {
    "type": "string",
    "pattern": r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?$",
    "description": "In major units, with at most the currency's decimals.",
}
_TOTAL: Final[Schema] = {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,23})(\.[0-9]{1,4})?$"}
_PERCENT: Final[Schema] = {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$"}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_INTEGER: Final[Schema] = {"type": "integer"}
_BOOLEAN: Final[Schema] = {"type": "boolean"}
_STRING: Final[Schema] = {"type": "string"}

_CART: Final[Mapping[str, Schema]] = {
    "currency": _CURRENCY,
    "lines": _list(
        _object(
            {
                "line_id": _REFERENCE,
                "product_id": _PRODUCT_ID,
                "quantity": {"type": "integer", "minimum": 1, "maximum": MOST_UNITS_OF_LINE},
                "unit_price": _PRICE,
            }
        ),
        1,
        MOST_LINES_OF_CART,
    ),
}
_CODES: Final[Schema] = {
    **_list(
        {"type": "string", "minLength": 1, "maxLength": LONGEST_CODE_OF_CART}, 0, MOST_CODES_OF_CART
    ),
    "description": "In the order of activation.",
}

_ORDER_NUMBER: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LAST_ORDER_NUMBER}
_NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH}
_SUBSCRIPTION: Final[Schema] = _object(
    {"type_id": _NAME, "order_number": _ORDER_NUMBER},
    {
        "created_at": _optional(_INSTANT),
        "codes": _optional(
            _list(
                _object(
                    {"code": _NAME, "first_order_number": _ORDER_NUMBER},
                    {"application_id": _optional(_NAME)},
                ),
                0,
                MOST_CODES_OF_SUBSCRIPTION,
            )
        ),
    },
)

QUOTE: Final = _object(
    _CART,
    {
        "codes": _optional(_CODES),
        "at": _optional(_INSTANT),
        "subscription": _optional(_SUBSCRIPTION),
    },
)
ORDER: Final = _object(
    {"order_id": _REFERENCE, **_CART},
    {
        "codes": _optional(_CODES),
        "subscription": _optional(_SUBSCRIPTION),
        "expected_total": {
            **_optional(_TOTAL),
            "description": "The total that the shopper saw. Always send it: without it an order is "
            "placed at full price where a code does not apply.",
        },
        "replaces": _optional(_REFERENCE),
    },
)
PRICES: Final = _object(
    {
        "currency": _CURRENCY,
        "products": _list(
            _object({"product_id": _PRODUCT_ID, "unit_price": _PRICE}), 1, MOST_PRICES
        ),
    }
)
STATUS: Final = _object({"status": {"type": "string", "enum": list(OrderStatus)}})

_PICK: Final = _object(
    {
        "promotion_id": _INTEGER,
        "group": {"type": "string", "enum": list(Group)},
        "discount_percent": _PERCENT,
        "applied": _BOOLEAN,
    },
    {"code": _STRING, "reason": {"type": "string", "enum": list(Reason)}},
)
_PROMOTION: Final = _object(
    {"id": _INTEGER, "type": {"type": "string", "enum": list(PromotionType)}}, {"code": _STRING}
)
_LINE: Final = _object(
    {
        "line_id": _STRING,
        "product_id": _INTEGER,
        "quantity": _INTEGER,
        "unit_price": _TOTAL,
        "known": {**_BOOLEAN, "description": "Whether the catalogue has the product."},
        "subtotal": _TOTAL,
        "discount": _TOTAL,
        "discount_percent": _PERCENT,
        "total": _TOTAL,
        "promotion": _optional(_PROMOTION),
        "picks": {"type": "array", "items": _PICK, "description": "The one that applies first."},
    },
    {"subscription_discount": {**_TOTAL, "description": "Only with a subscription."}},
)
_CONSIDERED: Final = _object(
    {"code": _STRING, "discount": _TOTAL, "applied": _BOOLEAN},
    {
        "rule": {**_INTEGER, "description": "Of the promotion's rules, counted from 0."},
        "reason": {"type": "string", "enum": list(CodeReason)},
    },
)
_EFFECT: Final = _object(
    {
        "code": _optional(_STRING),
        "promotion_id": _optional(_STRING),
        "discount": _TOTAL,
        "order_number": _INTEGER,
        "considered": {"type": "array", "items": _CONSIDERED},
    }
)
_CODE: Final = _object(
    {"code": _STRING, "status": {"type": "string", "enum": list(CodeStatus)}},
    {"promotion_id": _INTEGER, "starts_at": _INSTANT, "ended_at": _INSTANT, "used_at": _INSTANT},
)
_PRICED: Final[Mapping[str, Schema]] = {
    "currency": _CURRENCY,
    "subtotal": _TOTAL,
    "discount": _TOTAL,
    "total": _TOTAL,
    "lines": {"type": "array", "items": _LINE},
    "codes": {"type": "array", "items": _CODE},
}

_WITH_SUBSCRIPTION: Final[Mapping[str, Schema]] = {
    "subscription": {**_EFFECT, "description": "Only where the request has one."}
}

PRICED_CART: Final = _object(_PRICED, _WITH_SUBSCRIPTION)
PLACED_ORDER: Final = _object(
    {
        "order_id": _STRING,
        "created_at": _INSTANT,
        "status": {"type": "string", "enum": list(OrderStatus)},
        **_PRICED,
    },
    _WITH_SUBSCRIPTION,
)
PRICE_LIST: Final = _object(
    {
        "currency": _CURRENCY,
        "products": {
            "type": "array",
            "items": _object(
                {
                    "product_id": _INTEGER,
                    "unit_price": _TOTAL,
                    "price": _TOTAL,
                    "discount_percent": _PERCENT,
                    "promotion_id": _optional(_INTEGER),
                }
            ),
        },
    }
)

CONFLICT: Final = _object(PROBLEM_MEMBERS, {"quote": PRICED_CART, "order": PLACED_ORDER})
