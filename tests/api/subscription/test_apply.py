"""Validating a contract and applying a code: the same checks, and each use is counted once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sconto.domain.people import Caller, Role
from sconto.store.database import Database
from tests.api.subscription.platform import Platform, a_contract, a_rule, details
from tests.conftest import create_caller

PAST, FUTURE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


async def test_a_code_is_applied_counted_and_named(platform: Platform) -> None:
    created = await platform.create(code="Try3")
    first = await platform.apply("TRY3")
    assert first.status_code == 200
    assert list(first.json()) == ["data", "meta"]
    assert first.json()["data"] == created | {
        "constraint": created["constraint"] | {"usageCount": 1}
    }
    second = await platform.apply("try3")
    ids = {answer.json()["meta"]["applicationId"] for answer in (first, second)}
    assert len(ids) == 2
    assert await platform.usage(created["id"]) == 2
    assert (await platform.get(created["id"]))["updatedAt"] == created["updatedAt"]


@pytest.mark.parametrize(
    ("fields", "contract", "reason"),
    [
        ({"enabled": False}, a_contract(), "The promotion is not enabled."),
        (
            {"constraint": {"promoStartAt": FUTURE}},
            a_contract(),
            "The promotion starts at 2999-01-01T00:00:00Z.",
        ),
        (
            {"constraint": {"promoEndAt": PAST}},
            a_contract(),
            "The promotion ended at 2020-01-01T00:00:00Z.",
        ),
        (
            {"constraint": {"subscription": {"newOnly": True}}},
            a_contract(created_at=PAST),
            "The promotion is for new subscriptions only.",
        ),
        (
            {"constraint": {"subscription": {"typeIds": ["yearly"]}}},
            a_contract(),
            "The promotion is not for subscriptions of this type.",
        ),
        ({}, a_contract("other", "try3"), "The code TRY3 is on the subscription already."),
    ],
)
async def test_apply_and_validate_refuse_for_the_same_reason(
    platform: Platform, fields: dict[str, Any], contract: Any, reason: str
) -> None:
    created = await platform.create(**fields)
    said = await platform.validate(created["id"], contract)
    assert said == {"valid": False, "message": reason}
    assert details(await platform.apply("TRY3", contract), 409) == [reason]
    assert await platform.usage(created["id"]) == 0


async def test_a_contract_that_meets_every_constraint_is_valid_and_nothing_is_counted(
    platform: Platform,
) -> None:
    constraint = {
        "promoStartAt": PAST,
        "promoEndAt": FUTURE,
        "maxUsage": 1,
        "subscription": {"newOnly": True, "typeIds": ["monthly"]},
    }
    created = await platform.create(constraint=constraint)
    for _ in range(2):
        said = await platform.validate(created["id"])
        assert said == {"valid": True, "message": "The promotion can be applied."}
    assert await platform.usage(created["id"]) == 0
    assert (await platform.apply("TRY3")).status_code == 200
    reason = "The promotion has reached its limit of 1 redemptions."
    assert await platform.validate(created["id"]) == {"valid": False, "message": reason}
    assert details(await platform.apply("TRY3"), 409) == [reason]
    assert await platform.usage(created["id"]) == 1


async def test_the_first_of_several_reasons_is_given(platform: Platform) -> None:
    wrong = {"promoStartAt": FUTURE, "subscription": {"newOnly": True, "typeIds": ["yearly"]}}
    created = await platform.create(enabled=False, constraint=wrong)
    contract = a_contract("TRY3", created_at=PAST)
    path = f"/promotions/{created['id']}"
    fixes: list[dict[str, Any]] = [
        {"enabled": True},
        {"constraint": {"promoStartAt": PAST, "promoEndAt": PAST}},
        {"constraint": {"promoEndAt": None}},
        {"constraint": {"subscription": {"newOnly": False}}},
        {"constraint": {"subscription": {"typeIds": []}}},
    ]
    said = [(await platform.validate(created["id"], contract))["message"]]
    for fix in fixes:
        assert (await platform.ask("PATCH", path, fix)).status_code == 200
        said.append((await platform.validate(created["id"], contract))["message"])
    words = ["not enabled", "starts at", "ended at", "new subs", "this type", "already"]
    assert all(word in sentence for word, sentence in zip(words, said, strict=True)), said


async def test_the_limit_cannot_be_set_below_the_usage(platform: Platform) -> None:
    created = await platform.create()
    path = f"/promotions/{created['id']}"
    for _ in range(3):
        await platform.apply("TRY3")
    low = await platform.ask("PATCH", path, {"constraint": {"maxUsage": 2}})
    assert "constraint.maxUsage must be at least 3" in details(low, 422)[0]
    exact = await platform.ask("PATCH", path, {"constraint": {"maxUsage": 3}})
    assert exact.json()["data"]["constraint"]["usageCount"] == 3
    details(await platform.apply("TRY3"), 409)
    await platform.ask("PATCH", path, {"constraint": {"maxUsage": None}})
    assert (await platform.apply("TRY3")).json()["data"]["constraint"]["usageCount"] == 4
    assert await platform.usage(created["id"]) == 4


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["promotionCode is required", "subscriptionContract is required"]),
        (
            {"promotionCode": "", "subscriptionContract": {}},
            [
                "promotionCode must have 1 to 255 characters",
                "subscriptionContract.createdAt is required; null for a new subscription",
                "subscriptionContract.subscriptionTypeId is required",
            ],
        ),
        (
            {
                "promotionCode": "X",
                "subscriptionContract": {
                    "createdAt": "yesterday",
                    "subscriptionTypeId": 7,
                    "discounts": [
                        {"code": 1, "terminationCriteria": {"orderOrdinal": "x"}, "addedAt": 1}
                    ],
                },
            },
            [
                "subscriptionContract.createdAt must be a date",
                "subscriptionContract.subscriptionTypeId must be a string",
                "subscriptionContract.discounts[0].code must be a string",
                "subscriptionContract.discounts[0].terminationCriteria.orderOrdinal must be",
                "subscriptionContract.discounts[0].addedAt must be a date",
            ],
        ),
        (
            {"promotionCode": "X", "subscriptionContract": []},
            ["subscriptionContract must be an object"],
        ),
    ],
)
async def test_a_contract_is_checked_field_by_field(
    platform: Platform, body: dict[str, Any], faults: list[str]
) -> None:
    found = details(await platform.ask("POST", "/promotion-codes/_apply", body), 422)
    assert len(found) == len(faults)
    assert all(detail.startswith(fault) for fault, detail in zip(faults, found, strict=True))


async def test_an_unknown_promotion_or_code_is_not_found(platform: Platform) -> None:
    details(await platform.apply("NOBODY"), 404)
    for promotion_id in ("999999999", "0", "007", "abc", "9" * 30, "%00", "1.0", "-1"):
        path = f"/promotions/{promotion_id}"
        for method, tail in (("GET", ""), ("DELETE", ""), ("POST", "/_validate")):
            details(await platform.ask(method, path + tail, {}), 404)


async def test_another_merchants_promotion_has_the_answer_of_an_unknown_one(
    platform: Platform,
    client: httpx.AsyncClient,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    created = await platform.create()
    other_merchant = Platform(client, bearer(await create_caller(database)))
    path = f"/promotions/{created['id']}"
    for method, tail in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/_validate")):
        details(await other_merchant.ask(method, path + tail, {}), 404)
    details(await other_merchant.apply("TRY3"), 404)
    assert (await other_merchant.create())["code"] == "TRY3"


ALLOWED = {
    Role.ADMIN: "list get create patch delete validate schedule apply",
    Role.MANAGER: "list get create patch delete validate schedule apply",
    Role.VIEWER: "list get validate schedule",
    Role.CHECKOUT: "validate schedule apply",
}


@pytest.mark.parametrize("role", Role)
async def test_each_role_has_its_rights_and_they_are_checked_before_the_body(
    role: Role,
    platform: Platform,
    client: httpx.AsyncClient,
    merchant: Caller,
    database: Database,
    bearer: Callable[[Caller], dict[str, str]],
) -> None:
    created = await platform.create()
    caller = await create_caller(database, role, merchant.merchant_id)
    user = Platform(client, bearer(caller))
    path = f"/promotions/{created['id']}"
    calls = {
        "list": ("GET", "/promotions"),
        "get": ("GET", path),
        "create": ("POST", "/promotions"),
        "patch": ("PATCH", path),
        "validate": ("POST", f"{path}/_validate"),
        "schedule": ("POST", f"{path}/_schedule"),
        "apply": ("POST", "/promotion-codes/_apply"),
        "delete": ("DELETE", path),
    }
    for name, (method, address) in calls.items():
        answer = await user.ask(method, address, [])
        if name in ALLOWED[role].split():
            assert answer.status_code in (200, 204, 400), name
        else:
            details(answer, 403)


async def test_errors_have_the_published_shape_at_every_address(
    client: httpx.AsyncClient, platform: Platform
) -> None:
    root = "/promotion/v1"
    assert details(await client.get(f"{root}/promotions"), 401)
    bad = {"Authorization": "Bearer nonsense"}
    assert details(await client.get(f"{root}/promotions/1", headers=bad), 401)
    for path in ("/nothing", "/promotions/1/2/3", ""):
        details(await platform.ask("GET", path), 404)
    refused = await platform.ask("PUT", "/promotions")
    details(refused, 405)
    assert refused.headers["allow"] == "GET, POST"
    for body in (b"{", b"[]", b'"x"', b"", b"{}{}", b"\xff"):
        headers = platform.headers | {"Content-Type": "application/json"}
        answer = await client.post(f"{root}/promotions", content=body, headers=headers)
        details(answer, 400)
    plain = platform.headers | {"Content-Type": "text/plain"}
    details(await client.post(f"{root}/promotions", content=b"{}", headers=plain), 400)


async def test_outcomes_are_counted(platform: Platform) -> None:
    async def counts() -> list[float]:
        rows = (await platform.client.get("/metrics")).text.splitlines()
        return [
            sum(float(row.split()[-1]) for row in rows if row.startswith(line)) for line in lines
        ]

    created = await platform.create(constraint={"maxUsage": 1})
    lines = [
        'sconto_subscription_validations_total{outcome="valid"}',
        'sconto_subscription_validations_total{outcome="used_up"}',
        'sconto_subscription_applications_total{outcome="applied"}',
        'sconto_subscription_applications_total{outcome="repeated"}',
        'sconto_subscription_applications_total{outcome="used_up"}',
        'sconto_subscription_applications_total{outcome="unknown"}',
    ]
    before = await counts()
    await platform.validate(created["id"])
    for _ in range(2):
        await platform.apply("TRY3", idempotency_key="1")
    await platform.validate(created["id"])
    await platform.apply("TRY3")
    await platform.apply("NOBODY")
    assert await counts() == [figure + 1 for figure in before]


async def test_a_schedule_has_what_each_order_gets_and_until_when(platform: Platform) -> None:
    first_three = [("ORDER_NUMBER_AFTER_APPLIED", str(n)) for n in (1, 2, 3)]
    sixths = [("ORDER_NUMBER_AFTER_APPLIED", str(n)) for n in (6, 12)]
    created = await platform.create(
        enabled=False, rules=[a_rule("30", *first_three), a_rule("10", *sixths)]
    )
    body = {
        "subscriptionContract": a_contract(),
        "numberOfOrders": 13,
        "order": {"currency": "EUR", "total": "49.95"},
    }
    path = f"/promotions/{created['id']}/_schedule"
    answer = (await platform.ask("POST", path, body)).json()
    assert answer["meta"] == {}
    plan = answer["data"]
    assert (plan["valid"], plan["message"]) == (False, "The promotion is not enabled.")
    assert plan["lastOrderNumber"] == 12
    given = {
        order["orderNumber"]: [rule["discount"] for rule in order["rules"]]
        for order in plan["orders"]
        if order["rules"]
    }
    thirty, ten = ["14.99"], ["5.00"]
    assert given == {1: thirty, 2: thirty, 3: thirty, 6: ten, 12: ten}
    assert await platform.usage(created["id"]) == 0


async def test_a_schedule_of_an_application_keeps_the_version_that_was_applied(
    platform: Platform,
) -> None:
    created = await platform.create(rules=[a_rule("30", ("ORDER_NUMBER_AFTER_APPLIED", "2"))])
    path = f"/promotions/{created['id']}"
    application_id = (await platform.apply("TRY3")).json()["meta"]["applicationId"]
    await platform.ask("PATCH", path, {"rules": [a_rule("5")]})
    body = {
        "subscriptionContract": a_contract("TRY3"),
        "numberOfOrders": 2,
        "nextOrderNumber": 4,
        "firstOrderNumber": 4,
    }
    now = (await platform.ask("POST", f"{path}/_schedule", body)).json()["data"]
    assert now["lastOrderNumber"] is None
    assert [len(order["rules"]) for order in now["orders"]] == [1, 1]
    then = await platform.ask("POST", f"{path}/_schedule", body | {"applicationId": application_id})
    orders = then.json()["data"]["orders"]
    assert then.json()["data"]["lastOrderNumber"] == 5
    assert [order["orderNumberAfterApplied"] for order in orders] == [1, 2]
    assert [[rule["effect"]["amount"] for rule in order["rules"]] for order in orders] == [
        [],
        ["30"],
    ]
    unknown = body | {"applicationId": "nobody"}
    details(await platform.ask("POST", f"{path}/_schedule", unknown), 404)
