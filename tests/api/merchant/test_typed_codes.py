"""Finding, adding and removing codes by texts that people typed or pasted."""

from collections.abc import Callable
from unicodedata import normalize

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.store.database import Database
from tests.builders import BLANKS, NOON, a_promotion

MAY = "МАЙ"
APART = normalize("NFD", MAY)


class Codes:
    """The codes of one promotion."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str], url: str) -> None:
        self._client, self._headers, self._url = client, headers, url

    async def ask(self, method: str, *codes: object) -> httpx.Response:
        body = {"coupon_code": list(codes)}
        return await self._client.request(method, self._url, json=body, headers=self._headers)

    async def find(self, search: str) -> list[str]:
        query = {"search_string": search}
        found = await self._client.get(self._url, params=query, headers=self._headers)
        assert found.status_code == 200, found.text
        return [code["coupon_code"] for code in found.json()["codes"]]

    async def upload(self, content: str) -> httpx.Response:
        headers = {**self._headers, "Content-Type": "text/csv"}
        return await self._client.post(self._url, content=content.encode(), headers=headers)


@pytest.fixture
async def codes(
    client: httpx.AsyncClient,
    database: Database,
    merchant: Caller,
    bearer: Callable[[Caller], dict[str, str]],
) -> Codes:
    new = a_promotion(codes=("SPACE10", MAY))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    return Codes(client, bearer(merchant), f"/v1/promotion/{promotion_id}/codes")


async def test_a_search_ignores_blanks_around_the_beginning_of_a_code(codes: Codes) -> None:
    for blank in BLANKS:
        assert await codes.find(f"{blank}spa{blank}") == ["SPACE10"]
        assert await codes.find(f"{APART.lower()}{blank}") == [MAY]


async def test_a_search_for_blanks_is_refused_like_an_empty_one(
    codes: Codes, client: httpx.AsyncClient
) -> None:
    for blank in ("", *BLANKS):
        query = {"search_string": blank}
        refused = await client.get(codes._url, params=query, headers=codes._headers)
        assert refused.json()["errors"] == [
            {"error": 11010, "message": "Invalid field value: search_string"}
        ]


async def test_blanks_around_a_code_to_remove_are_ignored(codes: Codes) -> None:
    for blank in BLANKS:
        typed = f"{blank}Space10{blank}"
        answer = await codes.ask("DELETE", typed, f"NONE{blank}", f"SPACE10{blank}")
        assert answer.json() == {"removed": 1, "not_found": [f"NONE{blank}"]}
        assert (await codes.ask("POST", "SPACE10")).json() == {"added": 1}
    assert (await codes.ask("DELETE", APART)).json() == {"removed": 1, "not_found": []}
    for blank in ("", *BLANKS):
        refused = await codes.ask("DELETE", "SPACE10", blank)
        assert refused.json()["errors"] == [
            {"error": 11010, "message": "Invalid field value: coupon_code"}
        ]
    assert await codes.find("SPACE10") == ["SPACE10"]


async def test_a_code_with_blanks_cannot_be_added_but_one_with_a_combining_mark_can(
    codes: Codes,
) -> None:
    for blank in BLANKS:
        for code in (f"NEW{blank}", f"{blank}NEW", blank):
            refused = await codes.ask("POST", code)
            assert refused.json()["errors"] == [
                {"error": 11010, "message": "Invalid field value: coupon_code"}
            ]
    for again in (APART, APART.lower()):
        refused = await codes.ask("POST", again)
        assert [error["error"] for error in refused.json()["errors"]] == [11080]
    added = normalize("NFD", "Ёлка")
    assert (await codes.ask("POST", added, f"{added}-2")).json() == {"added": 2}
    assert await codes.find("ёлка") == [added, f"{added}-2"]
    twice = await codes.ask("POST", "й", normalize("NFD", "Й"))
    assert [error["error"] for error in twice.json()["errors"]] == [11080]


async def test_blanks_around_the_codes_of_a_file_are_ignored(codes: Codes) -> None:
    lines = [f"{blank}F{number}{blank}" for number, blank in enumerate(BLANKS)]
    assert (await codes.upload("\n".join([*lines, *BLANKS]))).json() == {"added": len(BLANKS)}
    assert await codes.find("f") == [f"F{number}" for number in range(len(BLANKS))]
    refused = await codes.upload(f"F1\u200b\n{APART}\n{normalize('NFD', 'Ё')}\nё\n")
    assert [(one["line"], one["error"]) for one in refused.json()["errors"]] == [
        (1, 11080),
        (2, 11080),
        (4, 11080),
    ]


async def test_two_unicode_forms_of_a_code_are_a_repeat(
    client: httpx.AsyncClient, merchant: Caller, bearer: Callable[[Caller], dict[str, str]]
) -> None:
    def body(*codes: str) -> dict[str, object]:
        coupons = {"coupon_code": codes, "discount_percent": "5"}
        return {"promotion_type": "coupon", "promotion_name": "n", "coupons": coupons}

    headers = bearer(merchant)
    refused = await client.post("/v1/promotion", json=body(MAY, APART), headers=headers)
    assert [error["error"] for error in refused.json()["errors"]] == [11080]
    refused = await client.post("/v1/promotion", json=body("A ", "\u200bB"), headers=headers)
    assert [error["error"] for error in refused.json()["errors"]] == [11010]
    created = await client.post("/v1/promotion", json=body(APART), headers=headers)
    path = f"/v1/promotion/{created.json()['id']}"
    shown = await client.get(path, headers=headers)
    assert shown.json()["coupons"]["coupon_code"] == [APART]
    uses = await client.post("/v1/promotion/statistics", json=created.json(), headers=headers)
    [before] = uses.json()["coupons"]
    changed = await client.patch(path, json=body(MAY), headers=headers)
    assert changed.status_code == 200
    uses = await client.post("/v1/promotion/statistics", json=created.json(), headers=headers)
    # The same code in its new spelling.
    assert uses.json()["coupons"] == [{**before, "coupon_code": MAY}]
