"""What all pages of the portal have in common, tested without a browser."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from sconto import portal
from sconto.domain.people import Caller, Role
from sconto.operations import promotions
from sconto.portal import files
from sconto.portal.csrf import FIELD, VISITOR_COOKIE, is_token_for, token_for
from sconto.portal.headers import CONTENT_SECURITY_POLICY
from sconto.portal.pages import ADDRESS, FORM_LIMIT
from sconto.portal.session import COOKIE
from sconto.portal.site import PAGES
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import create_caller
from tests.portal.sessions import PortalClient

FORMS = [route for route in PAGES if "POST" in (route.methods or ())]
READS = [route for route in PAGES if "GET" in (route.methods or ())]


def address_of(route: Route) -> str:
    """An address of the route, with 1 for each parameter."""
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", "1")
    return f"{ADDRESS}{path}"


FOR_STRANGERS = {
    "/sign-in": 200,
    "/sign-in/code": 303,
    "/sign-in/provider": 303,
    "/sign-in/provider/callback": 303,
    "/password/{token}": 410,
}
"""What pages answer without a session."""


@pytest.fixture
def signed_in(
    client: httpx.AsyncClient, session_cookie: Callable[[Caller], str], merchant: Caller
) -> httpx.AsyncClient:
    """A client in which the merchant's admin is signed in."""
    client.cookies.set(COOKIE, session_cookie(merchant), path=ADDRESS)
    return client


def test_there_are_pages_and_forms() -> None:
    assert len(FORMS) > 5
    assert len(READS) > 5


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.path)
async def test_a_form_without_its_token_is_refused(
    signed_in: httpx.AsyncClient, route: Route
) -> None:
    for forged in ({}, {FIELD: ""}, {FIELD: token_for("somebody else's session")}):
        answer = await signed_in.post(address_of(route), data=forged)
        assert answer.status_code == 403
        assert "too old" in answer.text


@pytest.mark.parametrize(
    "route", PAGES, ids=lambda route: f"{sorted(route.methods or ())} {route.path}"
)
async def test_every_page_forbids_foreign_content(client: httpx.AsyncClient, route: Route) -> None:
    method = "POST" if route in FORMS else "GET"
    answer = await client.request(method, address_of(route))
    assert answer.status_code < 500
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("route", READS, ids=lambda route: route.path)
async def test_a_stranger_is_asked_to_sign_in(client: httpx.AsyncClient, route: Route) -> None:
    answer = await client.get(address_of(route))
    if route.path in FOR_STRANGERS:
        assert answer.status_code == FOR_STRANGERS[route.path]
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{ADDRESS}/sign-in?next=%2F")


async def test_scripts_and_other_sites_cannot_read_the_cookies(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    plain = (await client.get(f"{ADDRESS}/sign-in")).headers["set-cookie"]
    assert plain.startswith(VISITOR_COOKIE)
    assert "HttpOnly; Path=/portal; SameSite=lax" in plain
    assert "Secure" not in plain
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sconto") as secure:
        encrypted = (await secure.get(f"{ADDRESS}/sign-in")).headers["set-cookie"]
    assert "Secure" in encrypted


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", r"/\evil.example", "javascript:x"]
)
async def test_signing_in_leads_only_into_the_portal(
    signed_in: httpx.AsyncClient, elsewhere: str
) -> None:
    answer = await signed_in.get(f"{ADDRESS}/sign-in", params={"next": elsewhere})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/portal/")


async def test_a_tampered_session_is_not_accepted(
    client: httpx.AsyncClient, session_cookie: Callable[[Caller], str], merchant: Caller
) -> None:
    good = session_cookie(merchant)
    for bad in (good[:-2], f"x{good}", good.partition("~")[2], "~", "ä".encode().hex(), ""):
        client.cookies.set(COOKIE, bad, path=ADDRESS)
        answer = await client.get(f"{ADDRESS}/promotions")
        assert answer.status_code == 303, bad


async def test_signing_in_is_throttled(client: httpx.AsyncClient) -> None:
    form = await client.get(f"{ADDRESS}/sign-in")
    visitor = form.cookies[VISITOR_COOKIE]
    client.cookies.set(VISITOR_COOKIE, visitor, path=ADDRESS)
    sent = {FIELD: token_for(visitor), "username": "nobody at all", "password": "guess"}
    statuses = [(await client.post(f"{ADDRESS}/sign-in", data=sent)).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = await client.post(f"{ADDRESS}/sign-in", data=sent)
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many attempts failed" in answer.text


async def test_a_form_that_is_too_large_is_refused(signed_in: httpx.AsyncClient) -> None:
    answer = await signed_in.post(
        f"{ADDRESS}/promotions/new", data={"name": "x" * (FORM_LIMIT + 1)}
    )
    assert answer.status_code == 413
    assert "too large" in answer.text


async def test_a_broken_form_causes_no_failure(signed_in: httpx.AsyncClient) -> None:
    for content_type in ("multipart/form-data; boundary=x", "multipart/form-data", "text/plain"):
        answer = await signed_in.post(
            f"{ADDRESS}/promotions/new", content=b"\0--x", headers={"content-type": content_type}
        )
        assert answer.status_code in (400, 403), content_type


async def test_htmx_loads_the_sign_in_page_after_the_session_ends(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(f"{ADDRESS}/promotions", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.headers["hx-redirect"] == "/portal/sign-in?next=%2Fpromotions"


@pytest.mark.parametrize(
    "query", ["after=x", "after=WzEsMV0", "order=x", "state=%00", "search=%00"]
)
async def test_any_query_is_answered(signed_in: httpx.AsyncClient, query: str) -> None:
    assert (await signed_in.get(f"{ADDRESS}/promotions?{query}")).status_code == 200


async def test_numbers_and_days_follow_the_visitors_language(
    signed_in: httpx.AsyncClient, database: Database, merchant: Caller
) -> None:
    await promotions.create_promotion(database, merchant, a_promotion(), NOON)
    for language, day in {
        "en-US,en;q=0.5": "Jun 1, 2026",
        "en-GB": "1 Jun 2026",
        "xx, de;q=0": "1 Jun 2026",
        ";;q=x,,": "1 Jun 2026",
    }.items():
        answer = await signed_in.get(f"{ADDRESS}/promotions", headers={"Accept-Language": language})
        assert day in answer.text, language


async def test_a_role_without_the_right_is_refused(
    client: httpx.AsyncClient, session_cookie: Callable[[Caller], str], database: Database
) -> None:
    viewer = await create_caller(database, Role.VIEWER)
    cookie = session_cookie(viewer)
    client.cookies.set(COOKIE, cookie, path=ADDRESS)
    assert (await client.get(f"{ADDRESS}/promotions")).status_code == 200
    assert (await client.get(f"{ADDRESS}/promotions/new")).status_code == 403
    answer = await client.post(f"{ADDRESS}/promotions/new", data={FIELD: token_for(cookie)})
    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.text


async def test_the_address_without_a_slash_leads_to_the_portal(client: httpx.AsyncClient) -> None:
    answer = await client.get("/portal")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/")


async def test_a_browser_keeps_a_file_until_its_content_changes(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = await client.get(f"{ADDRESS}/sign-in")
    addresses = re.findall(r'(?:href|src)="(/portal/static/[^"]+)"', page.text)
    assert len(addresses) >= 4
    for address in addresses:
        kept = await client.get(address)
        assert (kept.status_code, kept.headers.get_list("cache-control")) == (
            200,
            ["public, max-age=31536000, immutable"],
        )
        bare = address.partition("?")[0]
        for other in (bare, f"{bare}?v=", f"{bare}?v=0000000000000000"):
            asked = await client.get(other)
            assert asked.headers.get_list("cache-control") == ["no-cache"]
            again = await client.get(other, headers={"If-None-Match": asked.headers["etag"]})
            assert again.status_code == 304

    monkeypatch.setattr(files, "_FOLDER", tmp_path)
    style = tmp_path / "portal.css"
    style.write_text("a {}")
    before = files.versioned("portal.css")
    style.write_text("b {}")
    os.utime(style, (0, 0))
    assert files.versioned("portal.css") != before


async def test_a_form_token_has_another_mask_each_time() -> None:
    first, second = token_for("secret"), token_for("secret")
    assert first != second
    assert is_token_for("secret", first)
    assert is_token_for("secret", second)
    for wrong in (token_for("other"), first[:-2], first + "00", "", "ü", "zz", None, first[::-1]):
        assert not is_token_for("secret", wrong)


def test_no_browser_cuts_text_pasted_into_a_form() -> None:
    templates = Path(portal.__file__).with_name("templates").rglob("*.html")
    fields = [
        field
        for page in templates
        for field in re.findall(r"<(?:input|textarea)[^>]*>", page.read_text())
    ]
    assert len(fields) > 50
    assert [one for one in fields if "maxlength" in one and 'type="search"' not in one] == []


async def test_a_name_that_is_too_long_is_a_fault(
    portal_of: Callable[[Caller], PortalClient], merchant: Caller
) -> None:
    typed = {"name": "x" * 256, "percent": "5", "coverage": "all"}
    page = await portal_of(merchant).post("/promotions/new", typed)
    assert page.status_code == 422
    assert "Write a name of 1 to 255 characters." in page.text
    assert f'value="{"x" * 256}"' in page.text
