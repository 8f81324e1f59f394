"""The settings of the public address and of mail."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from sconto.settings.errors import SettingError
from sconto.settings.hosts import is_loopback

_EXPECTED: Final = "expected smtp://user:password@host:587 or smtps://user:password@host:465"
_ADDRESS: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The SMTP server that sends mail, and the sender of the mail.

    With `smtps` it is `encrypted` from the first byte, otherwise after STARTTLS.
    """

    host: str
    port: int
    user: str
    password: str
    is_smtps: bool
    encrypted: bool
    sender: str


def read_public_url(environment: Mapping[str, str]) -> str | None:
    """Where browsers find the service, without a slash at the end. Raises SettingError."""
    url = (environment.get("SCONTO_PUBLIC_URL") or "").rstrip("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises ValueError
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError(
            f"SCONTO_PUBLIC_URL is {url!r}; expected an address such as https://sconto.example.com"
        )
    return url


def read_mail_server(environment: Mapping[str, str]) -> MailSettings | None:
    """The server of `SCONTO_SMTP_URL`; None without one. Raises SettingError.

    No message repeats the address: it may contain a password.
    """
    url = environment.get("SCONTO_SMTP_URL")
    if not url:
        return None
    fault = f"SCONTO_SMTP_URL is not an address of a mail server: {_EXPECTED}"
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise SettingError(fault) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise SettingError(fault)
    is_smtps = parts.scheme == "smtps"
    match parts.query:
        case "":
            encrypted = is_smtps or not is_loopback(parts.hostname)
        case "tls=required":
            encrypted = True
        case "tls=none" if not is_smtps:
            encrypted = False
        case _:
            raise SettingError(f"{fault}, and perhaps ?tls=required or ?tls=none")
    return MailSettings(
        parts.hostname,
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        is_smtps,
        encrypted,
        _read_sender(environment),
    )


def _read_sender(environment: Mapping[str, str]) -> str:
    sender = environment.get("SCONTO_SMTP_FROM") or ""
    if not _ADDRESS.fullmatch(sender):
        raise SettingError(
            "SCONTO_SMTP_FROM must be the sender of mail if SCONTO_SMTP_URL is set: "
            "expected an address such as sconto@example.com"
        )
    return sender
