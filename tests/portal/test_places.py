"""Actions return to the place in the list, or to the page, where they were done."""

from dataclasses import replace

from sconto.domain.people import Caller
from sconto.portal.pages import ADDRESS
from sconto.portal.visit import LIST_COOKIE
from sconto.store.database import Database
from tests.portal.forms import fill
from tests.portal.sessions import PortalClient
from tests.portal.shop import open_shop


async def test_actions_keep_the_filter_of_the_list(
    portal: PortalClient, database: Database, merchant: Caller
) -> None:
    ids = await open_shop(database, merchant)
    tea = f"/promotions/{ids['Tea lovers']}"
    filtered = "/promotions?search=tea&kind=coupon"
    shown = await portal.get(filtered)
    here = replace(portal, cookie=f"{portal.cookie}; {LIST_COOKIE}={shown.cookies[LIST_COOKIE]}")
    row = f"{ADDRESS}{filtered}#promotion-{ids['Tea lovers']}"

    switched = await fill(here, filtered, f"{tea}/switch", active="off")
    assert switched.headers["location"] == row
    page = await here.get(tea)
    assert f'href="{ADDRESS}{filtered.replace("&", "&amp;")}"' in page.text
    switched = await fill(here, tea, f"{tea}/switch", active="on")
    assert switched.headers["location"] == f"{ADDRESS}{tea}"
    deleted = await fill(here, f"{tea}/delete")
    assert deleted.headers["location"] == ADDRESS + filtered
    restored = await here.post(f"{tea}/restore")
    assert restored.headers["location"] == row

    # The list without filters is a place, too.
    shown = await here.get("/promotions")
    assert LIST_COOKIE not in shown.cookies
    assert f'<a href="{ADDRESS}/promotions">' in (await portal.get(tea)).text
