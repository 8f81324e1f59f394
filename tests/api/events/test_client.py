"""What is sent to a receiver, and what is read of its answer."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sconto.api.sending.client import SHOWN_ANSWER, read_retry_after
from sconto.api.sending.sender import Sender
from sconto.domain.receiver_address import ReceiverRules, parse_networks
from sconto.domain.webhooks import AttemptResult, Message, write_secret
from tests.builders import NOON
from tests.receiver import LOCAL, Receiver, a_receiver, hang

SECRET = write_secret(b"k" * 32)
REFUSED = "the host has no address outside private networks"
OTHER_NETWORK = ReceiverRules(parse_networks("10.0.0.0/8"))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


async def post(url: str, rules: ReceiverRules = LOCAL, seconds: float = 5) -> AttemptResult:
    sender = Sender(rules, seconds)
    try:
        return await sender.send(Message(url, "evt_1", {"a": 1}, (SECRET,)), NOON)
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:7f00:1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_a_private_address_gets_a_connection(
    receiver: Receiver, host: str, scheme: str
) -> None:
    url = receiver.url.replace("127.0.0.1", host).replace("http", scheme)
    for rules in (ReceiverRules(), OTHER_NETWORK):
        answer = await post(url, rules)
        # Not all systems know all spellings.
        assert answer.failure in (
            REFUSED,
            "the URL names no host",
            "the host's name could not be resolved",
        )
    assert receiver.received == []


async def test_connections_go_to_the_checked_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *more: Any, **fields: Any) -> Any:
        """A name server whose answers change, and a name with a private address among others."""
        asked.append(host)
        found = ["10.9.9.9", "127.0.0.1"] if len(asked) == 1 else ["10.9.9.9"]
        return [one for name in found for one in real(name, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = receiver.url.replace("127.0.0.1", "rebinding.example")
    assert (await post(url)).status == 204
    assert asked == ["rebinding.example"]
    assert receiver.received[0].headers["host"].startswith("rebinding.example:")
    assert (await post(url)).failure == REFUSED
    assert len(receiver.received) == 1


async def test_redirects_are_not_followed_and_no_proxy_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    elsewhere = {"Location": "http://169.254.169.254/"}
    receiver.script = [lambda _: web.Response(status=307, headers=elsewhere)]
    answer = await post(receiver.url)
    assert (answer.status, answer.is_success) == (307, False)
    assert answer.failure == "redirects are not followed"


@asynccontextmanager
async def a_raw_receiver(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """The address of a receiver whose answers are any bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{port}/"


async def send_without_end(writer: asyncio.StreamWriter, pause: float) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x" * 1024)
        await writer.drain()
        await asyncio.sleep(pause)


async def test_an_answer_that_never_comes_or_never_ends_is_cut_off(receiver: Receiver) -> None:
    receiver.script = [hang]
    assert (await post(receiver.url, seconds=0.2)).failure == "no answer within 0.2 seconds"
    async with a_raw_receiver(partial(send_without_end, pause=0.05)) as url:
        assert (await post(url, seconds=0.2)).failure == "no answer within 0.2 seconds"
    async with a_raw_receiver(partial(send_without_end, pause=0)) as url:
        answer = await post(url)
        assert (answer.is_success, len(answer.body)) == (True, SHOWN_ANSWER)


@pytest.mark.parametrize(
    ("sent", "failure"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 999 Odd\r\n\r\n", "answered 999"),
    ],
)
async def test_an_invalid_answer_is_reported(sent: bytes, failure: str) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()

    async with a_raw_receiver(answer) as url:
        assert (await post(url)).failure == failure


async def test_a_body_is_kept_as_text_and_is_not_decompressed(receiver: Receiver) -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    gzipped = {"Content-Encoding": "gzip"}
    receiver.script = [
        lambda _: web.Response(body=b"a\0b\xff"),
        lambda _: web.Response(body=packed, headers=gzipped),
    ]
    assert (await post(receiver.url)).body == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    answer = await post(receiver.url)
    assert answer.is_success
    assert len(answer.body) <= SHOWN_ANSWER


async def test_a_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    arrived: list[bool] = []

    async def answer(writer: asyncio.StreamWriter) -> None:
        arrived.append(True)

    async with a_raw_receiver(answer, self_signed(tmp_path)) as url:
        answered = await post(url.replace("127.0.0.1", "localhost"))
    assert answered.failure == "the certificate is not valid for this host"
    assert not arrived


async def test_a_closed_port_and_an_unknown_name_are_reported() -> None:
    assert (await post("http://127.0.0.1:9/")).failure == "no connection: Connection refused"
    unknown = await post("https://nothing.invalid/")
    assert unknown.failure == "the host's name could not be resolved"


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 01 Jun 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Mon, 01 Jun 2026 11:00:00 GMT", timedelta()),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, pause: timedelta | None) -> None:
    assert read_retry_after(text, NOON) == pause


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a self-signed certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "pem"
    file.write_bytes(
        certificate.public_bytes(pem) + key.private_bytes(pem, plain, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
