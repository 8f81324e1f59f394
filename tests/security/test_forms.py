"""Sender and role are checked before a form of the portal is read."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from sconto.domain.people import Action, Caller, Role
from sconto.operations.tokens import Tokens
from sconto.portal.csrf import FIELD, VISITOR_COOKIE, token_for
from sconto.portal.forms import PLAIN_LIMIT
from sconto.portal.pages import ADDRESS, UPLOAD_LIMIT
from sconto.portal.site import PAGES
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.portal.sessions import cookie_of
from tests.security.stalls import send, stalls, tried_again_if_stalled

FORMS: list[Route] = [route for route in PAGES if "POST" in (route.methods or ())]
ADDRESSES = [
    f"{ADDRESS}{route.path}".replace("{promotion_id}", "1")
    .replace("{user_id}", "1")
    .replace("{order_id}", "1")
    for route in FORMS
]
UPLOADS = [path for path in ADDRESSES if path.endswith(("/codes", "/new", "/edit", "/impact"))]


def codes(number: int) -> bytes:
    """A file with this number of codes."""
    return b"".join(b"A%07d\n" % code for code in range(number))


def ids(number: int) -> bytes:
    """A file with this number of product ids."""
    return b"".join(b"%d\n" % product_id for product_id in range(1, number + 1))


MIB = 1024 * 1024

MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
TYPED = {"Content-Type": "application/x-www-form-urlencoded"}


def multipart(token: str, content: bytes, field: str = "code_file") -> bytes:
    """A form with its token and a file."""
    return (
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        b'--b\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n--b--\r\n'
    ) % (FIELD.encode(), token.encode(), field.encode(), content)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_form_is_read_from_a_stranger(app: Starlette, address: str) -> None:
    body = multipart("x", b"x" * 100_000)
    answer = await send(app, "POST", address, MULTIPART, body)
    assert answer.taken == 0
    # Forms for everybody need a token of the visitor; others need a session.
    is_for_everybody = "/sign-in" in address or "/portal/password/" in address
    assert answer.status == (403 if is_for_everybody else 303)


async def test_no_form_is_read_from_a_sender_without_permission(
    app: Starlette, database: Database, tokens: Tokens
) -> None:
    cookie = cookie_of(await create_caller(database, Role.VIEWER), tokens)
    secret = cookie.partition("=")[2]
    body = multipart(token_for(secret), b"x" * 100_000)
    for address in UPLOADS:
        answer = await send(app, "POST", address, {**MULTIPART, "Cookie": cookie}, body)
        assert (answer.status, answer.taken) == (403, 0), address


async def test_no_form_from_another_site_or_compressed_form_is_read(
    app: Starlette, merchant: Caller, tokens: Tokens
) -> None:
    cookie = {"Cookie": cookie_of(merchant, tokens)}
    assert merchant.may(Action.MANAGE_PEOPLE)
    for address in ADDRESSES:
        if address.endswith("/sign-in"):
            continue
        for site in ("cross-site", "same-site"):
            headers = {**TYPED, **cookie, "Sec-Fetch-Site": site}
            answer = await send(app, "POST", address, headers, b"a=b")
            assert (answer.status, answer.taken) == (403, 0), address
        headers = {**TYPED, **cookie, "Content-Encoding": "gzip"}
        answer = await send(app, "POST", address, headers, b"a=b")
        assert (answer.status, answer.taken) == (415, 0), address


async def test_a_sign_in_and_a_form_without_files_are_limited_to_64_kib(
    app: Starlette, merchant: Caller, tokens: Tokens
) -> None:
    visitor = {"Cookie": f"{VISITOR_COOKIE}=me"}
    session = {"Cookie": cookie_of(merchant, tokens)}
    for address, cookie in (
        (f"{ADDRESS}/sign-in", visitor),
        *((address, session) for address in ADDRESSES),
    ):
        answer = await send(app, "POST", address, {**TYPED, **cookie}, b"x" * (PLAIN_LIMIT + 1))
        assert (answer.status, answer.taken) == (413, 0), address


async def test_a_promotion_with_files_is_limited_to_16_mib(
    app: Starlette, merchant: Caller, tokens: Tokens
) -> None:
    cookie = cookie_of(merchant, tokens)
    headers = {**MULTIPART, "Cookie": cookie}
    body = multipart(token_for(cookie.partition("=")[2]), b"x" * UPLOAD_LIMIT)
    answer = await send(app, "POST", f"{ADDRESS}/promotions/new", headers, body)
    assert (answer.status, answer.taken) == (413, 0)


@pytest.mark.parametrize("size", [MIB, pytest.param(4 * MIB, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda size: b"\r" * size, id="ends of lines"),
        pytest.param(lambda size: b"\r\n-" * (size // 3), id="beginnings of boundaries"),
        pytest.param(lambda size: codes(size // 9), id="codes"),
    ],
)
@tried_again_if_stalled
async def test_an_upload_does_not_stall_the_loop(
    app: Starlette, merchant: Caller, tokens: Tokens, make: Callable[[int], bytes], size: int
) -> None:
    cookie = cookie_of(merchant, tokens)
    body = multipart(token_for(cookie.partition("=")[2]), make(size))
    async with stalls() as watched:
        answer = await send(
            app, "POST", f"{ADDRESS}/promotions/new", {**MULTIPART, "Cookie": cookie}, body
        )
    assert answer.status == 422
    watched.require_short()


@pytest.mark.parametrize(
    ("field", "make", "status"),
    [
        pytest.param("code_file", lambda: codes(100_000), 200, id="codes"),
        pytest.param("product_file", lambda: ids(50_000), 422, id="ids"),
        pytest.param("product_file", lambda: b"\xff" * 4_000_000, 422, id="no text"),
        pytest.param("product_file", lambda: b'1\n"' + b"x" * 200_000, 422, id="no csv"),
    ],
)
@tried_again_if_stalled
async def test_checking_a_promotion_with_a_large_file_does_not_stall_the_loop(
    app: Starlette,
    merchant: Caller,
    tokens: Tokens,
    field: str,
    make: Callable[[], bytes],
    status: int,
) -> None:
    cookie = cookie_of(merchant, tokens)
    typed = {
        "type": "coupon",
        "name": "Large",
        "starts_at": "2026-01-01T00:00",
        "coverage": "listed" if field == "product_file" else "all",
        "percent": "5",
        "code_type": "reusable",
        "codes": "ONE",
        "step": "check",
    }
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = b"".join(part % (name.encode(), text.encode()) for name, text in typed.items())
    body += multipart(token_for(cookie.partition("=")[2]), make(), field)
    async with stalls() as watched:
        answer = await send(
            app, "POST", f"{ADDRESS}/promotions/new", {**MULTIPART, "Cookie": cookie}, body
        )
    assert answer.status == status
    watched.require_short()
