"""Reads what a subscription platform sends: contracts, codes to apply, and plans of orders."""

from collections.abc import Mapping
from typing import Any, Final

from sconto.api.subscription.findings import SubscriptionBody
from sconto.api.subscription.instants import RULE, parse_instant
from sconto.domain.money import known_currencies, parse_amount
from sconto.domain.subscription import LAST_ORDER_NUMBER, Contract, ContractCode
from sconto.domain.subscription_schedule import OrderAmount, SchedulePlan

MAX_CODES_OF_CONTRACT: Final = 1_000
MAX_ORDERS: Final = 1_000

Body = Mapping[str, Any]


def read_validation(body: Body) -> Contract:
    """The contract to validate. Raises InvalidFields."""
    fields = SubscriptionBody(body)
    contract = _read_contract(fields)
    fields.conclude()
    return contract


def read_application(body: Body) -> tuple[str, Contract]:
    """The code to apply, and the contract. Raises InvalidFields."""
    fields = SubscriptionBody(body)
    code = fields.typed_code("promotionCode")
    contract = _read_contract(fields)
    fields.conclude()
    return code, contract


def read_plan(body: Body) -> SchedulePlan:
    """The orders to schedule. Raises InvalidFields."""
    fields = SubscriptionBody(body)
    contract = _read_contract(fields)
    orders = fields.whole("numberOfOrders", 1, MAX_ORDERS)
    following = fields.whole("nextOrderNumber", 1, LAST_ORDER_NUMBER, required=False) or 1
    first = fields.whole("firstOrderNumber", 1, LAST_ORDER_NUMBER, required=False)
    application_id = fields.name("applicationId", required=False) or None
    amount = _read_amount(fields) if fields.present("order") else None
    fields.finish()
    return SchedulePlan(
        contract, orders or 1, following, first or following, application_id, amount
    )


def _read_contract(body: SubscriptionBody) -> Contract:
    """The contract; a platform's own fields, besides the published ones, are ignored."""
    fields = body.object("subscriptionContract", required=True)
    created_at = None
    if fields.present("createdAt"):
        created_at = fields.parsed("createdAt", parse_instant, RULE)
    elif "createdAt" not in fields.members:
        fields.note("createdAt", "is required; null for a new subscription")
    return Contract(
        created_at,
        fields.name("subscriptionTypeId"),
        tuple(_read_code(item) for item in fields.objects("discounts", MAX_CODES_OF_CONTRACT)),
    )


def _read_code(fields: SubscriptionBody) -> ContractCode:
    code = fields.typed_code("code")
    termination = fields.object("terminationCriteria")
    order_ordinal = termination.whole("orderOrdinal", 0, required=False)
    added_at = None
    if fields.present("addedAt"):
        added_at = fields.parsed("addedAt", parse_instant, RULE)
    return ContractCode(code, order_ordinal, added_at)


def _read_amount(body: SubscriptionBody) -> OrderAmount | None:
    fields = body.object("order")
    currency = fields.name("currency")
    if currency and currency not in known_currencies():
        fields.note("currency", "must be an ISO 4217 code")
        currency = ""
    total = fields.parsed(
        "total",
        lambda text: parse_amount(text, currency or "EUR"),
        "a string such as 49.90: an amount with at most the currency's decimals",
    )
    fields.finish()
    return None if total is None else OrderAmount(currency, total)
