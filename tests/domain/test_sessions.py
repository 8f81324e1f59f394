"""Sessions: what is stored about their origin, and the names of browsers."""

import pytest

from sconto.domain.sessions import Origin

MOZILLA = "Mozilla/5.0 "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (
            f"{MOZILLA}(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox",
            "Linux",
        ),
        (
            f"{MOZILLA}(Windows NT 10.0; Win64; x64) {WEBKIT}Chrome/140.0 Safari/537.36",
            "Chrome",
            "Windows",
        ),
        (
            f"{MOZILLA}(Windows NT 10.0) {WEBKIT}Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge",
            "Windows",
        ),
        (
            f"{MOZILLA}(iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari",
            "iPhone",
        ),
        (
            f"{MOZILLA}(Linux; Android 15; Pixel 9) {WEBKIT}Chrome/140.0 Mobile Safari/537.36",
            "Chrome",
            "Android",
        ),
        (
            f"{MOZILLA}(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0"
            " Safari/605.1.15",
            "Safari",
            "macOS",
        ),
        ("python-httpx/0.28.1", "python-httpx", None),
        (f"{MOZILLA}(compatible; Unheard/1.0)", None, None),
        ("", None, None),
    ],
)
def test_browsers_and_systems_are_named(
    user_agent: str, browser: str | None, system: str | None
) -> None:
    origin = Origin("192.0.2.1", user_agent)
    assert (origin.browser, origin.system) == (browser, system)


def test_characters_that_cannot_be_stored_or_shown_are_left_out() -> None:
    origin = Origin("192.0.2.1\x00" + "9" * 100, "a\x00b\ud800\n" + "x" * 1000)
    assert "\x00" not in origin.address
    assert len(origin.address) == 64
    assert origin.user_agent.startswith("abx")
    assert len(origin.user_agent) == 400
