"""Meaningless addresses, cookies and headers: each is answered without a failure."""

import base64
import json
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import NOON, a_promotion, subscription_terms
from tests.portal.sessions import PortalClient, cookie_of
from tests.portal.shop import create_subscription

STRANGE_JSON = (
    "[" * 2000,
    '["\\ud800",null]',
    '["\\ud800",1]',
    "[" + "9" * 400 + ",1]",
    '["0001-01-01T00:00:00+23:59",1]',
    '["9999-12-31T23:59:59-23:59",1]',
    '["2026-01-01",1]',
    "[1e400,1]",
    "[true,true]",
    '["a\\u0000b",1]',
    '{"a":' * 2000,
    "null",
)

STRANGE = ("%00", "%ff", "%ed%a0%80", "%F0%9F%8E%81", "'--", "<b>", "9" * 400, "-1", "%20", "")


@pytest.mark.parametrize(
    "address",
    [
        "/promotions?search={}",
        "/promotions?after={}&order={}&type={}&state={}",
        "/promotions/{}",
        "/promotions/new?of={}",
        "/carts?search={}",
        "/carts?product=1&quantity={}&price={}&codes={}&at={}&currency={}",
        "/carts?product={}&quantity=1&price=1",
        "/carts?product=1&quantity=1&price=1&codes={}",
        "/promotions/products?product_search={}",
        "/promotions/ID/codes?search={}",
        "/promotions/ID/codes?after={}",
        "/promotions/ID/history?before={}",
        "/promotions/ID/statistics?{}",
        "/carts?add={}",
        "/carts?product=1&remove={}",
        "/carts?product=1&quantity=1&price=1&at=0001-01-01T00:00&codes={}",
        "/orders?id={}",
        "/subscriptions?name={}",
        "/subscriptions?code={}",
        "/subscriptions?after={}&state={}",
        "/subscriptions/{}",
        "/subscriptions/SUBSCRIPTION/history?before={}",
        "/people?after={}",
        "/people/{}",
        "/sign-in?next={}",
    ],
)
async def test_a_meaningless_address_causes_no_failure(
    address: str, portal: PortalClient, database: Database, merchant: Caller
) -> None:
    new = a_promotion(codes=("A", "B"))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    subscription_id = await create_subscription(database, merchant, subscription_terms())
    address = address.replace("SUBSCRIPTION", str(subscription_id))
    address = address.replace("ID", str(promotion_id))
    answers = {
        text: (await portal.get(address.replace("{}", text))).status_code for text in STRANGE
    }
    assert {text: status for text, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("cursor", STRANGE_JSON)
async def test_a_cursor_of_any_json_causes_no_failure(cursor: str, portal: PortalClient) -> None:
    after = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
    orders = (f"promotions?order={order}&" for order in ("created", "name", "edited", "end"))
    for page in (*orders, "promotions/deleted?", "subscriptions?", "people?"):
        answer = await portal.get(f"/{page}after={after}")
        assert answer.status_code < 500


@pytest.mark.parametrize("content", [*STRANGE_JSON, "", "no JSON"])
@pytest.mark.parametrize("name", ["sconto_notice", "sconto_visitor", "sconto_session"])
async def test_a_cookie_of_any_content_causes_no_failure(
    name: str, content: str, client: httpx.AsyncClient
) -> None:
    encoded = base64.urlsafe_b64encode(content.encode()).decode()
    for value in (encoded, f"{encoded}~x", encoded.rstrip("="), "\xe9", "%ff", '"'):
        cookie = f"{name}={value}".encode("latin-1")
        for path in ("/portal/sign-in", "/portal/promotions"):
            answer = await client.get(path, headers=[(b"cookie", cookie)])
            assert answer.status_code in (200, 303)


async def test_a_session_with_an_invalid_name_is_not_accepted(
    client: httpx.AsyncClient, merchant: Caller, tokens: Tokens
) -> None:
    token = cookie_of(merchant, tokens).partition("~")[2]
    for name in (b"\xe9", b"_w", b"x", b"w6k"):
        cookie = b"sconto_session=" + name + b"~" + token.encode()
        answer = await client.get("/portal/promotions", headers=[(b"cookie", cookie)])
        assert answer.status_code in (200, 303)


@pytest.mark.parametrize("undo", ["//elsewhere", "/promotions/1/restore?x", "javascript:1", "/"])
async def test_a_forged_notice_offers_no_other_address(undo: str, portal: PortalClient) -> None:
    for address, offered in (("/promotions/1/restore", 1), (undo, 0)):
        notice = base64.urlsafe_b64encode(json.dumps(["Deleted.", address]).encode()).decode()
        with_notice = replace(portal, cookie=f"{portal.cookie}; sconto_notice={notice}")
        page = await with_notice.get("/promotions")
        assert page.text.count("Deleted.") == 1
        assert page.text.count(">Undo<") == offered


@pytest.mark.parametrize("text", ["/日本", "/\r\nSet-Cookie: a=b", "/\ud800", "/é"])
@pytest.mark.parametrize("header", [{}, {"HX-Request": "true"}])
async def test_any_next_address_causes_no_failure(
    text: str, header: dict[str, str], portal: PortalClient
) -> None:
    encoded = quote(text, errors="surrogatepass")
    headers = {"Cookie": portal.cookie, **header}
    answer = await portal.client.get(f"/portal/sign-in?next={encoded}", headers=headers)
    assert answer.status_code in (200, 303)
    assert "a=b" not in answer.headers.get("set-cookie", "")
    target = answer.headers.get("location") or answer.headers["hx-redirect"]
    assert target.isascii()
