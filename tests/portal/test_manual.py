"""The page at /docs, in a real browser."""

from playwright.async_api import Page, expect


async def test_the_manual_works_under_its_policy_and_cannot_be_framed(
    portal_url: str, stranger: Page
) -> None:
    answer = await stranger.goto(portal_url.removesuffix("/portal") + "/docs")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'sha256-" in policy
    # Real clicks would scroll and lay out all operations again: seconds on a busy machine.
    await stranger.locator(
        "#operations-Operation-live_health_live_get button"
    ).first.dispatch_event("click")
    await stranger.get_by_role("button", name="Try it out").dispatch_event("click")
    await stranger.get_by_role("button", name="Execute").dispatch_event("click")
    answered = stranger.locator(".live-responses-table tbody .response-col_status")
    await expect(answered.first).to_contain_text("200")
