"""A promotion's codes over HTTP, as JSON and as CSV."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from sconto.api.clock import read_clock
from sconto.domain.codes import CodeType
from sconto.domain.order import NewOrder
from sconto.domain.people import Caller, Role
from sconto.operations.checkout import place_order
from sconto.operations.promotions import create_promotion, get_promotion
from sconto.store.database import Database
from tests.builders import NOON, a_cart, a_promotion
from tests.conftest import create_caller

Bearer = Callable[[Caller], dict[str, str]]

DUPLICATE = "Coupons.coupon_code list must not contain duplicate values."


class Codes:
    """The codes of one promotion, as one caller sees them."""

    def __init__(
        self, client: httpx.AsyncClient, headers: dict[str, str], promotion_id: int
    ) -> None:
        self.url = f"/v1/promotion/{promotion_id}/codes"
        self._client = client
        self._headers = headers

    async def get(self, **query: str) -> httpx.Response:
        return await self._client.get(self.url, params=query, headers=self._headers)

    async def add(self, body: object) -> httpx.Response:
        return await self._client.post(self.url, json=body, headers=self._headers)

    async def remove(self, body: object) -> httpx.Response:
        return await self._client.request("DELETE", self.url, json=body, headers=self._headers)

    async def upload(self, content: bytes, media_type: str = "text/csv") -> httpx.Response:
        headers = {**self._headers, "Content-Type": media_type}
        return await self._client.post(self.url, content=content, headers=headers)

    async def download(self) -> httpx.Response:
        headers = {**self._headers, "Accept": "text/csv"}
        return await self._client.get(self.url, headers=headers)


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    new = a_promotion(codes=("A", "B"), code_type=CodeType.ONE_TIME)
    return await create_promotion(database, merchant, new, NOON)


@pytest.fixture
def codes(client: httpx.AsyncClient, bearer: Bearer, merchant: Caller, promotion_id: int) -> Codes:
    return Codes(client, bearer(merchant), promotion_id)


def errors(answer: httpx.Response) -> list[tuple[Any, ...]]:
    assert answer.status_code in (400, 401, 404, 413)
    return [tuple(error.values()) for error in answer.json()["errors"]]


async def use_up(database: Database, merchant: Caller, code: str, order_id: str) -> None:
    new = NewOrder(order_id, a_cart(codes=(code,)), None, None)
    await place_order(database, merchant, new, NOON, date(2026, 6, 1))


async def test_codes_are_listed_with_state_and_uses(
    codes: Codes, database: Database, merchant: Caller
) -> None:
    await use_up(database, merchant, "A", "order 1")
    first = (await codes.get(limit="1")).json()
    second = (await codes.get(limit="1", cursor=first["next_cursor"])).json()
    [used], [free] = first["codes"], second["codes"]
    assert used.pop("coupon_id") < free.pop("coupon_id")
    assert used == {
        "coupon_code": "A",
        "state": "used",
        "coupon_uses": 1,
        "used_by": "order 1",
        "used_at": "2026-06-01T12:00:00+00:00",
    }
    assert free == {"coupon_code": "B", "state": "free", "coupon_uses": 0}
    assert second["next_cursor"] is None
    assert [one["coupon_code"] for one in (await codes.get(state="used")).json()["codes"]] == ["A"]
    assert [one["coupon_code"] for one in (await codes.get(search_string="b")).json()["codes"]] == [
        "B"
    ]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"limit": "0"}, ["limit"]),
        (
            {"limit": "1001", "state": "lost", "search_string": "", "page": "2"},
            ["limit", "search_string", "state", "page"],
        ),
        ({"cursor": "x"}, ["cursor"]),
        ({"limit": "9" * 5000}, ["limit"]),
    ],
)
async def test_a_query_names_every_bad_parameter(
    codes: Codes, query: dict[str, str], named: list[str]
) -> None:
    answer = await codes.get(**query)
    assert errors(answer) == [(11010, f"Invalid field value: {name}") for name in named]


async def test_codes_are_added(
    codes: Codes, database: Database, merchant: Caller, promotion_id: int
) -> None:
    answer = await codes.add({"coupon_code": ["Z", "Y"]})
    assert (answer.status_code, answer.json()) == (200, {"added": 2})
    found = await get_promotion(database, merchant, promotion_id)
    assert found.terms.codes == ("A", "B", "Z", "Y")
    assert found.summary.updated_at > NOON


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {},
            [(11070, "No coupon code is set. Provide at least one value for coupons.coupon_code.")],
        ),
        (
            {"coupon_code": []},
            [(11070, "No coupon code is set. Provide at least one value for coupons.coupon_code.")],
        ),
        ({"coupon_code": "C"}, [(11010, "Invalid field value: coupon_code")]),
        ({"coupon_code": None}, [(11010, "Invalid field value: coupon_code")]),
        ({"coupon_code": ["C", "C D"]}, [(11010, "Invalid field value: coupon_code")]),
        ({"coupon_code": ["C", "c"]}, [(11080, DUPLICATE)]),
        ({"coupon_code": ["C", "b"]}, [(11080, DUPLICATE)]),
        (
            {"coupon_code": ["C", "c", 5], "codes": []},
            [
                (11010, "Invalid field value: coupon_code"),
                (11080, DUPLICATE),
                (11010, "Invalid field value: codes"),
            ],
        ),
    ],
)
async def test_refused_codes_are_reported_as_published_and_change_nothing(
    codes: Codes, body: object, expected: list[tuple[int, str]]
) -> None:
    assert errors(await codes.add(body)) == expected
    assert len((await codes.get()).json()["codes"]) == 2


async def test_codes_are_removed_and_unknown_ones_are_listed(codes: Codes) -> None:
    answer = await codes.remove({"coupon_code": ["a", "X"]})
    assert (answer.status_code, answer.json()) == (200, {"removed": 1, "not_found": ["X"]})
    again = await codes.remove({"coupon_code": ["a", "X"]})
    assert again.json() == {"removed": 0, "not_found": ["a", "X"]}
    assert [one["coupon_code"] for one in (await codes.get()).json()["codes"]] == ["B"]
    assert errors(await codes.remove({"coupon_code": []}))[0][0] == 11070
    assert errors(await codes.remove({"coupon_code": ["B", 1]}))[0][0] == 11010


@pytest.mark.parametrize("media_type", ["text/csv", "Text/CSV; charset=UTF-8"])
async def test_a_file_is_uploaded(codes: Codes, media_type: str) -> None:
    answer = await codes.upload(b"\xef\xbb\xbfcoupon_code\r\nC\r\nD\r\n", media_type)
    assert (answer.status_code, answer.json()) == (200, {"added": 2})


@pytest.mark.parametrize(
    "content",
    [
        b"Code,\r\nC,\r\nD,\r\n,\r\n,\r\n",
        b"C\nD\n;;\n",
        "Промокод\tnote\r\nC\t1\r\nD\t2\r\n".encode("utf-16"),
    ],
)
async def test_a_file_that_a_spreadsheet_wrote_is_uploaded(codes: Codes, content: bytes) -> None:
    answer = await codes.upload(content)
    assert (answer.status_code, answer.json()) == (200, {"added": 2})
    listed = (await codes.get()).json()["codes"]
    assert [one["coupon_code"] for one in listed] == ["A", "B", "C", "D"]


async def test_a_heading_is_never_added_as_a_code(codes: Codes) -> None:
    refused = (11010, "Invalid field value: coupon_code", 3)
    assert errors(await codes.upload(b"coupon_code\nC\ncoupon_code\nD\n")) == [refused]
    assert errors(await codes.upload(b"CODE\n"))[0][0] == 11070
    assert len((await codes.get()).json()["codes"]) == 2


async def test_every_bad_line_of_a_file_is_listed_and_nothing_is_added(codes: Codes) -> None:
    answer = await codes.upload(b"C\nA\n=1\nc\n")
    assert errors(answer) == [
        (11080, DUPLICATE, 2),
        (11010, "Invalid field value: coupon_code", 3),
        (11080, DUPLICATE, 4),
    ]
    assert len((await codes.get()).json()["codes"]) == 2
    many = errors(await codes.upload(b"!\n" * 1005))
    assert len(many) == 1001
    assert many[-1] == (11010, "Invalid field value: coupon_code (5 more lines)")
    assert errors(await codes.upload(b"\n"))[0][0] == 11070


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/csv; charset=utf-16", "multipart/form-data"]
)
async def test_another_type_is_refused(codes: Codes, media_type: str) -> None:
    answer = await codes.upload(b"C\n", media_type)
    assert errors(answer) == [(111, "Invalid data format (Content-type).")]


async def test_a_downloaded_file_is_safe_in_a_spreadsheet_and_can_be_uploaded(
    codes: Codes, database: Database, merchant: Caller, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    await use_up(database, merchant, "A", '=HYPERLINK("http://x","y")')
    answer = await codes.download()
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="codes-')
    heading, used, free = csv.reader(io.StringIO(answer.content.decode("utf-8")))
    # This is for programs, so there is no byte order mark before the heading.
    assert heading == ["coupon_code", "coupon_id", "state", "coupon_uses", "used_by", "used_at"]
    assert used[0] == "A"
    assert used[2:] == ["used", "1", '\'=HYPERLINK("http://x","y")', "2026-06-01T12:00:00+00:00"]
    assert (free[0], free[2:]) == ("B", ["free", "0", "", ""])
    other = await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)
    copy = Codes(client, bearer(merchant), other)
    assert (await copy.upload(answer.content)).json() == {"added": 2}


async def test_a_promotion_of_type_discount_takes_no_codes(
    client: httpx.AsyncClient, bearer: Bearer, database: Database, merchant: Caller
) -> None:
    promotion_id = await create_promotion(database, merchant, a_promotion(), NOON)
    codes = Codes(client, bearer(merchant), promotion_id)
    expected = [(11090, "Request data and promotion type do not match (promotion_type).")]
    assert errors(await codes.add({"coupon_code": ["A"]})) == expected
    assert errors(await codes.upload(b"A")) == expected
    assert (await codes.get()).json() == {"codes": [], "next_cursor": None}


async def test_who_may_read_and_who_may_write(
    client: httpx.AsyncClient,
    bearer: Bearer,
    database: Database,
    merchant: Caller,
    promotion_id: int,
) -> None:
    viewer = await create_caller(database, Role.VIEWER, merchant.merchant_id)
    codes = Codes(client, bearer(viewer), promotion_id)
    assert (await codes.get()).status_code == 200
    assert (await codes.download()).status_code == 200
    for refused in (
        await codes.add({"coupon_code": ["C"]}),
        await codes.upload(b"C"),
        await codes.remove({"coupon_code": ["A"]}),
    ):
        assert errors(refused)[0][0] == 11000
    checkout = await create_caller(database, Role.CHECKOUT, merchant.merchant_id)
    assert errors(await Codes(client, bearer(checkout), promotion_id).get())[0][0] == 11000
    assert errors(await Codes(client, {}, promotion_id).get())[0][0] == 1008


async def test_another_merchants_codes_are_not_found(
    client: httpx.AsyncClient, bearer: Bearer, database: Database, promotion_id: int
) -> None:
    other_merchant = await create_caller(database)
    codes = Codes(client, bearer(other_merchant), promotion_id)
    missing = [(11200, f"Promotion not found: {promotion_id}")]
    assert errors(await codes.get()) == missing
    assert errors(await codes.download()) == missing
    assert errors(await codes.add({"coupon_code": []})) == missing
    assert errors(await codes.upload(b"!")) == missing
    assert errors(await codes.remove({})) == missing


async def test_the_history_uses_the_field_names_of_the_api(
    client: httpx.AsyncClient, bearer: Bearer, merchant: Caller, promotion_id: int, codes: Codes
) -> None:
    headers = bearer(merchant)
    url = f"/v1/promotion/{promotion_id}"
    change = {"promotion_type": "coupon", "status": False, "date_to": "2030-01-01T00:00:00+00:00"}
    assert (await client.patch(url, json=change, headers=headers)).status_code == 200
    await codes.add({"coupon_code": ["C"]})
    before = read_clock()
    page = (await client.get(f"{url}/history/?limit=2", headers=headers)).json()
    added, changed = page["history"]
    assert added["action"] == "codes added"
    assert added["after"] == {"coupon_code": {"added": ["C"], "added_count": 1}}
    assert changed["before"] == {"status": True, "date_to": "3000-01-01T00:00:00+00:00"}
    assert changed["after"] == {"status": False, "date_to": "2030-01-01T00:00:00+00:00"}
    assert changed["username"].startswith("test-")
    assert changed["date"][:10] == before.date().isoformat()
    last = (await client.get(f"{url}/history?cursor={page['next_cursor']}", headers=headers)).json()
    [created] = last["history"]
    assert (created["action"], created["before"], last["next_cursor"]) == ("created", None, None)
    assert created["after"] == {
        "promotion_type": "coupon",
        "promotion_name": "Ten percent",
        "status": True,
        "date_from": "2026-01-01T00:00:00+00:00",
        "date_to": "3000-01-01T00:00:00+00:00",
        "coupon_type": "one-time",
        "discount_percent": "10",
        "covers": "all",
        "coupon_code": {"count": 2, "added": ["A", "B"], "added_count": 2},
    }


@pytest.mark.parametrize(
    ("query", "named"),
    [("limit=0", ["limit"]), ("limit=1001&cursor=x&y=1", ["limit", "cursor", "y"])],
)
async def test_bad_parameters_of_the_history_are_named(
    client: httpx.AsyncClient,
    bearer: Bearer,
    merchant: Caller,
    promotion_id: int,
    query: str,
    named: list[str],
) -> None:
    answer = await client.get(
        f"/v1/promotion/{promotion_id}/history?{query}", headers=bearer(merchant)
    )
    assert errors(answer) == [(11010, f"Invalid field value: {name}") for name in named]


async def test_another_merchants_history_is_not_found(
    client: httpx.AsyncClient, bearer: Bearer, database: Database, promotion_id: int
) -> None:
    other_merchant = await create_caller(database)
    answer = await client.get(
        f"/v1/promotion/{promotion_id}/history", headers=bearer(other_merchant)
    )
    assert errors(answer) == [(11200, f"Promotion not found: {promotion_id}")]


async def test_a_file_that_is_too_large_is_refused(
    codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sconto.api.merchant.codes.FILE_LIMIT", 10)
    answer = await codes.upload(b"C23456789\nD\n")
    assert errors(answer) == [(413, "Content Too Large.")]
