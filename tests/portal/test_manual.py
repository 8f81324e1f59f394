"""The page at /docs and the manual, in a real browser."""

import json
import re
from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from tests.portal.browser import axe_findings

_PATIENCE: Final = 30_000
"""Milliseconds: the page draws every operation of all APIs in the soak."""


_SHOWN: Final = "/health/live"


async def pass_on_few(route: Route) -> None:
    """Pass on one operation of each method and what it names: drawing all takes seconds."""
    answer = await route.fetch()
    document = await answer.json()
    few = {method: path for path, ways in document["paths"].items() for method in ways}
    document["paths"] = {path: document["paths"][path] for path in {_SHOWN, *few.values()}}
    needed = names_in(document["paths"], document["components"]["schemas"])
    document["components"]["schemas"] = needed
    await route.fulfill(response=answer, json=document)


def names_in(part: object, schemas: dict[str, object]) -> dict[str, object]:
    """The schemas that a part of the description names, and those that they name."""
    found: dict[str, object] = {}
    unread = [part]
    while unread:
        named = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(unread.pop()))
        new = {name: schemas[name] for name in named if name not in found}
        found |= new
        unread += new.values()
    return found


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.soak)])
async def test_the_manual_works_under_its_policy_and_cannot_be_framed(
    portal_url: str, anonymous: Page, few: bool
) -> None:
    if few:
        await anonymous.route("**/openapi.json", pass_on_few, times=1)
    # The fragment opens an operation. Real clicks would lay out all the others repeatedly.
    docs = portal_url.removesuffix("/portal") + "/docs"
    answer = await anonymous.goto(f"{docs}#/Operation/health_live")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'sha256-" in policy
    for button in ("Try it out", "Execute"):
        await anonymous.get_by_role("button", name=button).dispatch_event(
            "click", timeout=_PATIENCE
        )
    answered = anonymous.locator(".live-responses-table tbody .response-col_status")
    await expect(answered.first).to_contain_text("200", timeout=_PATIENCE)
    # Axe takes seconds for all operations, which look alike: an open one, and one of each method.
    methods = [f".opblock-{method}" for method in ("post", "get", "put", "patch", "delete")]
    parts = (".information-container", ".schemes-server-container", ".is-open", *methods)
    assert await axe_findings(anonymous, *parts) == []
    assert await anonymous.get_attribute("html", "lang") == "en"


async def test_the_manual_is_searched_without_another_host(
    portal_url: str, anonymous: Page
) -> None:
    asked: list[str] = []
    anonymous.on("request", lambda request: asked.append(request.url))
    manual = portal_url.removesuffix("/portal") + "/manual"
    await anonymous.goto(f"{manual}/concepts.html")
    for picture in await anonymous.locator("article img").all():
        assert await picture.evaluate("picture => picture.naturalWidth") > 0
    await anonymous.get_by_role("button", name="Search").click()
    await anonymous.keyboard.type("worked examples")
    found = anonymous.get_by_role("link", name="Worked examples").first
    await expect(found).to_be_visible(timeout=_PATIENCE)
    elsewhere = [url for url in asked if not url.startswith((manual, "data:", "blob:"))]
    assert elsewhere == []
