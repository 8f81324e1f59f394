"""Sends messages to webhooks by HTTP, and only to addresses that the rules allow.

Why no request gets into a private network. A host's name is resolved here, and only allowed
addresses are given to aiohttp. The socket is made here too, for exactly the address that aiohttp
connects to, and refused unless that is allowed. So it does not matter what a name resolves to the
next time (DNS rebinding), or whether the URL has an address instead of a name, in any spelling.
Redirects are not followed, no proxy of the environment is used, and certificates are checked
against the name in the URL.

The body of an answer is read up to a limit and is not decompressed.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from sconto import __version__
from sconto.domain.receiver_address import ReceiverRules
from sconto.domain.webhooks import AttemptResult, Message, message_headers

SHOWN_ANSWER: Final = 4 * 1024
"""Bytes of an answer's body that are kept."""

MAX_ANSWER: Final = 64 * 1024
"""Bytes of an answer's body that are read, so that the connection can be used again."""

_LONGEST_SECONDS: Final = 9


class AddressRefused(OSError):
    """No address of the host may be connected to."""


class ReceiverClient:
    """Sends messages; keeps connections to receivers open for a while.

    `seconds` is how long a request may take, from looking up the name to the end of the answer.
    """

    def __init__(self, rules: ReceiverRules, seconds: float) -> None:
        self._seconds = seconds
        self._sessions = {
            "https": _open_session(rules.allows),
            "http": _open_session(rules.allows_plain),
        }

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    async def send(self, message: Message, sent_at: datetime) -> AttemptResult:
        """Send a message. Whatever goes wrong is in the answer."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._post(message, sent_at)
        except TimeoutError:
            answer = AttemptResult(0, failure=f"no answer within {self._seconds:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            answer = AttemptResult(0, failure=_sentence(error))
        milliseconds = round((time.monotonic() - started) * 1000)
        return AttemptResult(
            milliseconds, answer.status, answer.failure, answer.body, answer.retry_after
        )

    async def _post(self, message: Message, sent_at: datetime) -> AttemptResult:
        body = msgspec.json.encode(message.payload)
        headers = {
            **message_headers(message, body, sent_at),
            "Content-Type": "application/json",
            "User-Agent": f"Sconto/{__version__}",
        }
        session = self._sessions[message.url.partition(":")[0]]
        async with session.post(
            message.url, data=body, headers=headers, allow_redirects=False
        ) as response:
            shown, is_whole = await _read_beginning(response)
            if not is_whole:
                response.close()
            failure = None if response.ok else _reason(response)
            if 300 <= response.status < 400:
                failure = "redirects are not followed"
            retry_after = response.headers.get("Retry-After")
            return AttemptResult(
                0,
                response.status,
                failure,
                shown.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
                None if retry_after is None else read_retry_after(retry_after, sent_at),
            )


def read_retry_after(text: str, now: datetime) -> timedelta | None:
    """The pause that a receiver asks for, in seconds or until a date; None if it is neither."""
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=int(text)) if len(text) <= _LONGEST_SECONDS else None
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(until - now, timedelta())


async def _read_beginning(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The bytes to show, and whether the whole body was read."""
    shown, size = b"", 0
    async for chunk in response.content.iter_any():
        shown = (shown + chunk)[:SHOWN_ANSWER]
        size += len(chunk)
        if size > MAX_ANSWER:
            return shown, False
    return shown, True


def _open_session(allows: Callable[[str], bool]) -> aiohttp.ClientSession:
    def make_socket(address: Any) -> socket.socket:
        family, kind, protocol, _, place = address
        if not allows(place[0]):
            raise AddressRefused
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    connector = aiohttp.TCPConnector(
        limit=0, resolver=_Resolver(allows), socket_factory=make_socket
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(),
    )


class _Resolver(AbstractResolver):
    """Resolves names in separate threads: a name server that hangs delays nobody else."""

    def __init__(self, allows: Callable[[str], bool]) -> None:
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await _in_own_thread(
            lambda: socket.getaddrinfo(
                host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        )
        results = [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=its_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for its_family, _, protocol, _, place in found
            if self._allows(str(place[0]))
        ]
        if not results:
            raise AddressRefused
        return results

    async def close(self) -> None:
        """Do nothing: nothing is kept."""


async def _in_own_thread(function: Callable[[], Any]) -> Any:
    """The result of a function that blocks; the process does not wait for it at its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def set_result(result: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = function()
        except Exception as error:
            failure = error
        # The loop may be closed by now.
        if not loop.is_closed():
            loop.call_soon_threadsafe(set_result, result, failure)

    threading.Thread(target=run, name="resolver", daemon=True).start()
    return await future


def _reason(response: aiohttp.ClientResponse) -> str:
    return f"answered {response.status}"


def _sentence(error: Exception) -> str:
    """What went wrong, without the addresses that a name resolves to."""
    if _find(error, AddressRefused) is not None:
        return "the host has no address outside private networks"
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL names no host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not valid for this host"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no TLS connection could be made"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or _find(error, socket.gaierror):
        return "the host's name could not be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        # The error's own words contain the address.
        reason = os.strerror(error.errno) if error.errno else "refused"
        return f"no connection: {reason}"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "the connection was closed without an answer"
    return "the answer is not HTTP"


def _find(error: BaseException | None, class_: type[BaseException]) -> BaseException | None:
    """The error of a class in a chain of causes."""
    while error is not None and not isinstance(error, class_):
        error = error.__cause__ or error.__context__
    return error
