"""Addresses that nobody types: each is answered with a page, none with a failure of ours."""

import httpx
import pytest
from starlette.applications import Starlette

from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import NOON, a_promotion, subscription_terms
from tests.portal.sessions import cookie_of
from tests.portal.shop import create_subscription

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
async def test_what_cannot_be_meant_is_no_failure(
    address: str, app: Starlette, database: Database, merchant: Caller, tokens: Tokens
) -> None:
    new = a_promotion(codes=("A", "B"))
    promotion_id = await create_promotion(database, merchant, new, NOON)
    subscription_id = await create_subscription(database, merchant, subscription_terms())
    address = address.replace("SUBSCRIPTION", str(subscription_id))
    address = address.replace("ID", str(promotion_id))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Cookie": cookie_of(merchant, tokens)}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sconto", headers=headers
    ) as client:
        answers = {
            text: (await client.get(f"/portal{address.replace('{}', text)}")).status_code
            for text in STRANGE
        }
    assert {text: status for text, status in answers.items() if status >= 500} == {}
