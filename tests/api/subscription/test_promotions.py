"""Promotions over HTTP: exact answers, merge patches, lists and archiving."""

import json
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.subscription.platform import (
    AFTER_APPLIED,
    IN_CONTRACT,
    ROOT,
    Platform,
    a_body,
    a_contract,
    a_rule,
    details,
)

FULL = a_body(
    description="Then 10 % on every sixth order.",
    constraint={
        "promoStartAt": "2026-01-01T01:00:00+01:00",
        "promoEndAt": "2026-12-31",
        "maxUsage": 10.0,
        "subscription": {"newOnly": True, "typeIds": ["monthly", "yearly"]},
    },
    rules=[a_rule("30", (AFTER_APPLIED, "1"), (IN_CONTRACT, "2")), a_rule("9.90", of="AMOUNT")],
    meta={"campaign": {"price": 12.50, "none": None}},
)


async def test_a_promotion_has_the_published_fields_in_their_order(platform: Platform) -> None:
    created = await platform.ask("POST", "/promotions", FULL)
    assert created.status_code == 201
    assert created.headers["content-type"] == "application/json"
    assert list(created.json()) == ["data", "meta"]
    assert created.json()["meta"] == {}
    promotion = created.json()["data"]
    assert list(promotion) == [
        *("id", "type", "createdAt", "updatedAt", "enabled", "name", "description", "code"),
        *("constraint", "rules", "meta"),
    ]
    assert promotion["type"] == "PROMOTION"
    assert promotion["id"].isdecimal()
    assert promotion["createdAt"].endswith("Z")
    assert promotion["constraint"] == {
        "promoStartAt": "2026-01-01T00:00:00Z",
        "promoEndAt": "2026-12-31T23:59:59.999999Z",
        "maxUsage": 10,
        "usageCount": 0,
        "subscription": {"newOnly": True, "typeIds": ["monthly", "yearly"]},
    }
    for field in ("enabled", "name", "description", "code", "rules", "meta"):
        assert promotion[field] == FULL[field]
    assert await platform.get(promotion["id"]) == promotion


async def test_optional_fields_that_are_not_set_are_left_out(platform: Platform) -> None:
    promotion = await platform.create()
    assert "description" not in promotion
    assert promotion["meta"] == {}
    assert promotion["constraint"] == {
        "usageCount": 0,
        "subscription": {"newOnly": False, "typeIds": []},
    }


async def test_metadata_keeps_every_digit(platform: Platform) -> None:
    body = b'{"enabled":true,"name":"n","code":"c","rules":[{"effect":{"effectType":'
    body += b'"PERCENTAGE_DISCOUNT","amount":"5"}}],"meta":{"a":1.10,"b":123456789012345678901,'
    body += b'"c":1e400,"d":"\\u0000"}}'
    headers = platform.headers | {"Content-Type": "application/json"}
    created = await platform.client.post("/promotion/v1/promotions", content=body, headers=headers)
    assert created.status_code == 201
    meta = b'"meta":{"a":1.10,"b":123456789012345678901,"c":1e400,"d":"\\u0000"}}'
    assert meta in created.content
    patched = await platform.ask(
        "PATCH", f"/promotions/{created.json()['data']['id']}", {"meta": {"d": None}}
    )
    assert b'"meta":{"a":1.10,"b":123456789012345678901,"c":1e400}}' in patched.content


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"name": None}, ["name is required"]),
        ({"code": None}, ["code is required"]),
        ({"enabled": None}, ["enabled is required"]),
        ({"rules": None}, ["rules is required"]),
        ({"rules": []}, ["rules must be a list of 1 to 100 items"]),
        ({"name": ""}, ["name must have 1 to 255 characters"]),
        ({"name": "x" * 256}, ["name must have 1 to 255 characters"]),
        ({"name": 7}, ["name must be a string"]),
        ({"name": 7.5}, ["name must be a string"]),
        ({"name": "a\x00"}, ["name must not be blank or have control characters"]),
        ({"name": "a\nb"}, ["name must be one line without control characters"]),
        ({"description": ""}, ["description must have 1 to 10000 characters"]),
        ({"enabled": 1}, ["enabled must be true or false"]),
        ({"enabled": "true"}, ["enabled must be true or false"]),
        ({"colour": "red"}, ["colour is unknown"]),
        ({"id": "7", "type": "PROMOTION"}, ["id is read-only", "type is read-only"]),
        ({"meta": []}, ["meta must be an object"]),
        ({"meta": {"a": "x" * 65_536}}, ["meta must have at most 65536 bytes"]),
        ({"constraint": []}, ["constraint must be an object"]),
        ({"constraint": {"usageCount": 0}}, ["constraint.usageCount is read-only"]),
        ({"constraint": {"subscription": {"newOnly": "no"}}}, ["newOnly must be true or false"]),
        ({"constraint": {"subscription": {"typeIds": ["a", ""]}}}, ["typeIds[1] must be a string"]),
        ({"constraint": {"promoStartAt": "tomorrow"}}, ["constraint.promoStartAt must be a date"]),
        ({"constraint": {"promoStartAt": "2026-01-01T00:00:00"}}, ["promoStartAt must be a date"]),
        ({"constraint": {"promoStartAt": "2026-02-30"}}, ["constraint.promoStartAt must be"]),
        ({"constraint": {"promoEndAt": 7}}, ["constraint.promoEndAt must be"]),
        (
            {"constraint": {"promoStartAt": "2026-01-02", "promoEndAt": "2026-01-01"}},
            ["constraint.promoEndAt must not lie before promoStartAt"],
        ),
        (
            {"rules": [{"effect": {"effectType": "FREE", "amount": 5}, "conditions": [{}]}]},
            [
                "rules[0].effect.effectType must be one of PERCENTAGE_DISCOUNT, AMOUNT_DISCOUNT",
                "rules[0].effect.amount must be a string",
                "rules[0].conditions[0].conditionType is required",
                "rules[0].conditions[0].value is required",
            ],
        ),
        ({"rules": [{}]}, ["rules[0].effect is required"]),
        ({"rules": [7]}, ["rules[0] must be an object"]),
        ({"rules": [a_rule("1", (AFTER_APPLIED, "0"))]}, ["conditions[0].value must be a string"]),
        ({"rules": [a_rule("1", (AFTER_APPLIED, "x"))]}, ["conditions[0].value must be a string"]),
    ],
)
async def test_each_fault_is_listed_with_its_field(
    platform: Platform, fields: dict[str, Any], faults: list[str]
) -> None:
    answer = await platform.ask("POST", "/promotions", a_body(**fields))
    found = details(answer, 422)
    assert len(found) == len(faults)
    assert all(fault in detail for fault, detail in zip(faults, found, strict=True)), found


@pytest.mark.parametrize("max_usage", [0, 0.5, 1.5, -1, True, "10", 2**53, [1], 1e300, {}])
async def test_a_limit_is_a_whole_number_from_1(platform: Platform, max_usage: object) -> None:
    answer = await platform.ask("POST", "/promotions", a_body(constraint={"maxUsage": max_usage}))
    assert "constraint.maxUsage must be a whole number from 1" in details(answer, 422)[0]


@pytest.mark.parametrize("amount", ["0", "100.1", "-5", "5%", "", "1.1234567", "1,5", " 5", "٣"])
async def test_a_percent_is_above_0_and_at_most_100(platform: Platform, amount: str) -> None:
    answer = await platform.ask("POST", "/promotions", a_body(rules=[a_rule(amount)]))
    assert "rules[0].effect.amount must be" in details(answer, 422)[0]


@pytest.mark.parametrize("amount", ["0", "0.00", "-5", "1.12345", "1000000000000", "", "1e3"])
async def test_an_amount_is_above_0(platform: Platform, amount: str) -> None:
    answer = await platform.ask("POST", "/promotions", a_body(rules=[a_rule(amount, of="AMOUNT")]))
    assert "rules[0].effect.amount must be" in details(answer, 422)[0]


async def test_a_code_is_unique_in_any_case(platform: Platform) -> None:
    first = await platform.create(code="Straße")
    second = await platform.create(code="other")
    taken = await platform.ask("POST", "/promotions", a_body(code="STRASSE"))
    assert details(taken, 409) == ["Another promotion has the code STRASSE."]
    changed = await platform.ask("PATCH", f"/promotions/{second['id']}", {"code": "STRASSE"})
    details(changed, 409)
    await platform.ask("DELETE", f"/promotions/{first['id']}")
    assert (await platform.create(code="STRASSE"))["code"] == "STRASSE"


async def test_a_merge_patch_changes_its_fields_and_null_removes_one(platform: Platform) -> None:
    created = (await platform.ask("POST", "/promotions", FULL)).json()["data"]
    patch = {
        "enabled": False,
        "description": None,
        "constraint": {"maxUsage": None, "promoEndAt": None, "subscription": {"newOnly": False}},
        "meta": {"campaign": {"none": None, "price": None, "x": 1}, "y": [None]},
        "rules": [a_rule("5")],
    }
    answer = await platform.ask("PATCH", f"/promotions/{created['id']}", patch)
    assert answer.status_code == 200
    changed = answer.json()["data"]
    assert changed["enabled"] is False
    assert "description" not in changed
    assert changed["constraint"] == {
        "promoStartAt": "2026-01-01T00:00:00Z",
        "usageCount": 0,
        "subscription": {"newOnly": False, "typeIds": ["monthly", "yearly"]},
    }
    assert changed["meta"] == {"campaign": {"x": 1}, "y": [None]}
    assert changed["rules"] == [a_rule("5")]
    assert changed["name"] == created["name"]
    assert changed["createdAt"] == created["createdAt"] < changed["updatedAt"]
    assert await platform.get(created["id"]) == changed


@pytest.mark.parametrize(
    ("patch", "fault"),
    [
        ({"name": None}, "name is required"),
        ({"rules": None}, "rules is required"),
        ({"code": ""}, "code must have 1 to 255 characters"),
        ({"id": "8"}, "id is read-only"),
        ({"createdAt": None}, "createdAt is read-only"),
        ({"constraint": {"usageCount": 3}}, "constraint.usageCount is read-only"),
        ({"constraint": {"usageCount": None}}, "constraint.usageCount is read-only"),
        ({"nonsense": None}, "nonsense is unknown"),
        ({"constraint": {"maxUse": None}}, "constraint.maxUse is unknown"),
        ({"constraint": {"subscription": {"new": None}}}, "constraint.subscription.new is unknown"),
        ({"constraint": {"promoEndAt": "2025-01-01"}}, "must not lie before promoStartAt"),
        ({"constraint": 7}, "constraint must be an object"),
        ({"meta": 7}, "meta must be an object"),
        ({"colour": "red"}, "colour is unknown"),
    ],
)
async def test_a_patch_with_an_invalid_result_changes_nothing(
    platform: Platform, patch: dict[str, Any], fault: str
) -> None:
    created = await platform.create(constraint={"promoStartAt": "2026-01-01"})
    answer = await platform.ask("PATCH", f"/promotions/{created['id']}", patch)
    assert fault in details(answer, 422)[0]
    assert await platform.get(created["id"]) == created


async def test_a_patch_has_one_of_two_media_types(platform: Platform) -> None:
    created = await platform.create()
    path = f"/promotions/{created['id']}"
    for media_type in ("application/merge-patch+json", "application/json; charset=utf-8"):
        answer = await platform.ask("PATCH", path, {"name": media_type}, content_type=media_type)
        assert answer.json()["data"]["name"] == media_type
    details(await platform.ask("PATCH", path, {"name": "x"}, content_type="text/plain"), 400)


async def test_an_archived_promotion_is_not_found(platform: Platform) -> None:
    created = await platform.create()
    path = f"/promotions/{created['id']}"
    deleted = await platform.ask("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        details(await platform.ask(method, path, body), 404)
    details(await platform.apply("TRY3"), 404)
    listed = await platform.ask("GET", "/promotions")
    assert listed.json()["data"] == []


@pytest.mark.parametrize("max_usage", ["1e999999999", "1e-999999999", "0e999999999", "9" * 5_000])
async def test_numbers_with_huge_exponents_or_many_digits_are_refused(
    platform: Platform, max_usage: str
) -> None:
    sent = json.dumps(a_body(constraint={"maxUsage": 0})).replace(": 0", f": {max_usage}")
    answer = await platform.client.post(
        f"{ROOT}/promotions",
        content=sent,
        headers=platform.headers | {"Content-Type": "application/json"},
    )
    assert "constraint.maxUsage must be a whole number from 1" in details(answer, 422)[0]


async def test_all_rules_together_have_at_most_a_thousand_conditions(platform: Platform) -> None:
    half = a_rule("1", *[(AFTER_APPLIED, str(n)) for n in range(1, 501)])
    await platform.create(rules=[half, half])
    more = a_body(code="MORE", rules=[half, half, a_rule("1", (AFTER_APPLIED, "1"))])
    answer = await platform.ask("POST", "/promotions", more)
    assert details(answer, 422) == ["rules must have at most 1000 conditions in all"]


async def test_the_last_day_of_the_calendar_is_accepted_as_an_end(platform: Platform) -> None:
    created = await platform.create(constraint={"promoEndAt": "9999-12-31"})
    assert created["constraint"]["promoEndAt"] == "9999-12-31T23:59:59.999999Z"
    patched = await platform.ask("PATCH", f"/promotions/{created['id']}", {"name": "Other"})
    assert patched.json()["data"]["constraint"] == created["constraint"]
    assert (await platform.validate(created["id"]))["valid"]


@pytest.mark.parametrize("offset", ["Z", "+14:00", "-05:00", "-12:00"])
async def test_an_end_in_the_year_9999_is_accepted_with_every_offset(
    platform: Platform, offset: str
) -> None:
    created = await platform.create(constraint={"promoEndAt": f"9999-12-31T23:59:59{offset}"})
    shown = created["constraint"]["promoEndAt"]
    assert shown == ("9999-12-31T09:59:59Z" if offset == "+14:00" else "9999-12-31T23:59:59Z")
    assert (await platform.validate(created["id"]))["valid"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("promoStartAt", "9999-12-31T23:59:59-05:00"),
        ("promoStartAt", "0001-01-01T00:00:00+01:00"),
        ("promoEndAt", "0001-01-01T00:00:00+01:00"),
        ("promoEndAt", "10000-01-01T00:00:00Z"),
    ],
)
async def test_a_time_outside_of_the_years_1_to_9999_is_refused(
    platform: Platform, field: str, value: str
) -> None:
    answer = await platform.ask("POST", "/promotions", a_body(constraint={field: value}))
    assert f"constraint.{field} must be a date and time" in details(answer, 422)[0]


async def test_both_unicode_forms_of_a_letter_with_a_mark_are_the_same_code(
    platform: Platform,
) -> None:
    short, long = "ЁЖ-Й", unicodedata.normalize("NFD", "ёж-й")
    created = await platform.create(code=short)
    assert created["code"] == short
    details(await platform.ask("POST", "/promotions", a_body(code=long)), 409)
    assert (await platform.apply(long)).status_code == 200
    assert not (await platform.validate(created["id"], a_contract(long)))["valid"]
    found = await platform.ask("GET", f"/promotions?code={quote(long)}")
    assert [promotion["id"] for promotion in found.json()["data"]] == [created["id"]]


@pytest.mark.parametrize("path", ["/promotions", "/promotions/{id}", "/promotions/{id}/_validate"])
async def test_one_slash_at_the_end_makes_no_difference(platform: Platform, path: str) -> None:
    created = await platform.create()
    path = path.format(id=created["id"])
    method = "POST" if path.endswith("_validate") else "GET"
    asked = {"subscriptionContract": a_contract()}
    plain = await platform.ask(method, path, asked)
    slashed = await platform.ask(method, path + "/", asked)
    assert plain.status_code == slashed.status_code == 200
    assert plain.json() == slashed.json()
    details(await platform.ask(method, path + "//", asked), 404)


async def test_a_list_continues_after_an_empty_page(platform: Platform) -> None:
    created = await platform.create()
    empty = (await platform.ask("GET", "/promotions?limit=0")).json()
    assert empty["data"] == []
    assert empty["meta"]["pagination"]["moreResults"]
    cursor = empty["meta"]["pagination"]["nextCursor"]
    following = (await platform.ask("GET", f"/promotions?limit=1&cursor={cursor}")).json()
    assert [promotion["id"] for promotion in following["data"]] == [created["id"]]


async def test_a_list_continues_at_its_cursor(platform: Platform) -> None:
    ids = [(await platform.create(code=f"c{i}"))["id"] for i in range(5)]
    found: list[str] = []
    cursor, pages = None, []
    while True:
        query = "?limit=2" + (f"&cursor={cursor}" if cursor else "")
        answer = (await platform.ask("GET", f"/promotions{query}")).json()
        pagination = answer["meta"]["pagination"]
        assert list(pagination) == ["moreResults", "items", "cursor", "nextCursor"]
        assert pagination["cursor"] == cursor
        assert pagination["items"] == len(answer["data"])
        found += [promotion["id"] for promotion in answer["data"]]
        pages.append(pagination["items"])
        cursor = pagination["nextCursor"]
        assert pagination["moreResults"] is (cursor is not None)
        if cursor is None:
            break
        assert cursor.replace("-", "").replace("_", "").isalnum()
    assert (found, pages) == (ids, [2, 2, 1])


async def test_a_list_is_filtered_by_code_name_and_whether_it_is_enabled(
    platform: Platform,
) -> None:
    spring = await platform.create(code="Spring", name="Spring 50%")
    autumn = await platform.create(code="Autumn", name="Autumn sale", enabled=False)

    async def ids(query: str) -> list[str]:
        answer = await platform.ask("GET", f"/promotions?{query}")
        return [promotion["id"] for promotion in answer.json()["data"]]

    assert await ids("code=SPRING") == [spring["id"]]
    assert await ids("code=Spri") == []
    assert await ids("name=SALE") == [autumn["id"]]
    assert await ids("name=50%25") == [spring["id"]]
    assert await ids("enabled=false") == [autumn["id"]]
    assert await ids("enabled=true&code=autumn") == []
    assert await ids("limit=0") == []


@pytest.mark.parametrize(
    "query",
    ["limit=101", "limit=-1", "limit=x", "limit=1.0", "cursor=%21", "cursor=MDA", "enabled=1"],
)
async def test_an_invalid_query_is_refused(platform: Platform, query: str) -> None:
    assert len(details(await platform.ask("GET", f"/promotions?{query}"), 422)) == 1
