"""The settings: app and cli read them once from the environment and pass them on as values."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from limits import parse_many

from sconto.settings.errors import SettingError
from sconto.settings.mail import MailServer, read_mail_server, read_public_url

__all__ = ["MailServer", "RateLimits", "SettingError", "Settings", "asks_for_traces"]

LogFormat = Literal["json", "console"]

SECRET_KEY_LENGTH: Final = 32
"""Bytes of a key at least: one shorter than the hash would weaken HS256 (RFC 7518, section 3.2)."""

_EXPECTED_KEY: Final = (
    f"expected at least {SECRET_KEY_LENGTH} bytes, such as `openssl rand -hex 32` prints"
)


DEFAULT_USER_LIMIT: Final = "2000/second"
"""How many requests a user may send, except to the checkout, which has no limit by default.

A script that waits for each answer stays below it."""

_SENT_TO: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SENT_BY: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits such as `500/second`; an empty text is no limit.

    `unknown_codes` limits codes that do not exist, by merchant and address. `url` is the Redis in
    which all processes count; with None each process counts for itself.
    """

    url: str | None
    user: str
    merchant: str
    checkout_user: str
    checkout_merchant: str
    unknown_codes: str


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The private networks that webhooks may reach, as text, how long one may take to answer, and
    how long events are kept."""

    networks: str
    timeout: int
    days: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process.

    `database_url` None is the bundled server in the data folder, `secret_key` None the key stored
    there. Several keys are separated by commas: the first signs, all verify. Without an
    `operator_token` anyone may read the figures, the readiness and the manual. `public_url` is
    where browsers find the service; None is the address that they ask. Without `mail` nothing is
    sent.
    """

    database_url: str | None
    data_dir: Path
    secret_key: bytes | None
    zone: ZoneInfo
    log_format: LogFormat
    rate_limits: RateLimits
    operator_token: bytes | None
    public_url: str | None
    mail: MailServer | None
    events: EventSettings

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; an empty variable counts as absent. Raises SettingError."""
        return cls(
            _database_url(environment),
            Path(environment.get("SCONTO_DATA_DIR") or ".sconto").absolute(),
            _secret_key(environment),
            _zone(environment),
            _log_format(environment),
            _rate_limits(environment),
            _operator_token(environment),
            read_public_url(environment),
            read_mail_server(environment),
            _event_settings(environment),
        )

    @property
    def secret_keys(self) -> list[bytes]:
        """The keys; the first one signs."""
        return _split(self.secret_key or b"")

    def require_secret_key(self) -> None:
        """Raise SettingError for a named database without a key: all machines need the same one."""
        if self.database_url is not None and self.secret_key is None:
            raise SettingError(
                "SCONTO_SECRET_KEY is missing, and every machine that uses SCONTO_DATABASE_URL "
                f"must have the same: {_EXPECTED_KEY}"
            )

    def with_database(self, url: str) -> Self:
        """These settings with the address of a running database, and a secret key.

        Raises SettingError if the data folder cannot store a key.
        """
        return replace(
            self, database_url=url, secret_key=self.secret_key or kept_secret_key(self.data_dir)
        )

    def as_environment(self) -> dict[str, str]:
        """The environment from which a worker reads the same settings, besides its own.

        A worker inherits the variables of mail, which hold no value that was made or found here.
        """
        return {
            "SCONTO_DATABASE_URL": self.database_url or "",
            "SCONTO_DATA_DIR": str(self.data_dir),
            "SCONTO_SECRET_KEY": os.fsdecode(self.secret_key or b""),
            "SCONTO_TIME_ZONE": self.zone.key,
            "SCONTO_LOG_FORMAT": self.log_format,
            "SCONTO_OPERATOR_TOKEN": (self.operator_token or b"").decode(),
            "SCONTO_EVENTS_KEPT_DAYS": str(self.events.days),
            "SCONTO_WEBHOOK_NETWORKS": self.events.networks,
            "SCONTO_WEBHOOK_TIMEOUT": str(self.events.timeout),
            "SCONTO_RATE_LIMIT_URL": self.rate_limits.url or "",
            "SCONTO_RATE_LIMIT_USER": self.rate_limits.user or "none",
            "SCONTO_RATE_LIMIT_MERCHANT": self.rate_limits.merchant,
            "SCONTO_RATE_LIMIT_CHECKOUT_USER": self.rate_limits.checkout_user,
            "SCONTO_RATE_LIMIT_CHECKOUT_MERCHANT": self.rate_limits.checkout_merchant,
            "SCONTO_RATE_LIMIT_UNKNOWN_CODES": self.rate_limits.unknown_codes,
        }


def asks_for_traces(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether OpenTelemetry's environment variables ask for traces, by exporter or by address.

    Raises SettingError if they name an exporter or a protocol that Sconto does not support.
    """
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    is_addressed = any(environment.get(name) for name in _SENT_TO)
    match environment.get("OTEL_TRACES_EXPORTER") or ("otlp" if is_addressed else "none"):
        case "none":
            return False
        case "otlp":
            pass
        case name:
            raise SettingError(f"OTEL_TRACES_EXPORTER is {name!r}; expected otlp or none")
    named = next((name for name in _SENT_BY if environment.get(name)), None)
    if named is not None and environment[named] != "http/protobuf":
        raise SettingError(f"{named} is {environment[named]!r}; expected http/protobuf")
    return True


def _database_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("SCONTO_DATABASE_URL")
    if not url:
        return None
    # No message repeats the address: it may contain a password.
    fault = "SCONTO_DATABASE_URL is no address of a PostgreSQL database"
    expected = "expected postgresql://user:password@host:port/database"
    try:
        parts = urlsplit(url)
        # Several hosts, a primary and its standbys, are separated by commas, as in libpq.
        for host in parts.netloc.rpartition("@")[2].split(","):
            urlsplit(f"//{host}").port  # noqa: B018  # raises ValueError
    except ValueError:
        raise SettingError(f"{fault}: {expected}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingError(f"{fault}: {expected}")
    return url


def _secret_key(environment: Mapping[str, str]) -> bytes | None:
    text = os.fsencode(environment.get("SCONTO_SECRET_KEY", ""))
    shortest = min(map(len, _split(text)))
    if text and shortest < SECRET_KEY_LENGTH:
        which = "SCONTO_SECRET_KEY" if b"," not in text else "a key in SCONTO_SECRET_KEY"
        raise SettingError(f"{which} is too short ({shortest} bytes): {_EXPECTED_KEY}")
    return text or None


def _split(keys: bytes) -> list[bytes]:
    return [key.strip() for key in keys.split(b",")]


def _operator_token(environment: Mapping[str, str]) -> bytes | None:
    token = environment.get("SCONTO_OPERATOR_TOKEN")
    if not token:
        return None
    if re.fullmatch(r"[!-~]{16,}", token) is None:
        raise SettingError(
            "SCONTO_OPERATOR_TOKEN cannot be sent in a header, or is too short: expected at least "
            "16 letters, digits and signs, such as `openssl rand -hex 32` prints"
        )
    return token.encode()


def _zone(environment: Mapping[str, str]) -> ZoneInfo:
    name = environment.get("SCONTO_TIME_ZONE") or "UTC"
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise SettingError(
            f"SCONTO_TIME_ZONE is no time zone: {name!r}; expected a name such as Europe/Berlin"
        ) from None


def _log_format(environment: Mapping[str, str]) -> LogFormat:
    match environment.get("SCONTO_LOG_FORMAT") or "json":
        case "json":
            return "json"
        case "console":
            return "console"
        case name:
            raise SettingError(f"SCONTO_LOG_FORMAT is {name!r}; expected json or console")


def _rate_limits(environment: Mapping[str, str]) -> RateLimits:
    return RateLimits(
        _rate_limit_url(environment),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_USER", DEFAULT_USER_LIMIT),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_MERCHANT"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_CHECKOUT_USER"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_CHECKOUT_MERCHANT"),
        _rate_limit(environment, "SCONTO_RATE_LIMIT_UNKNOWN_CODES"),
    )


def _rate_limit_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("SCONTO_RATE_LIMIT_URL") or None
    if url is None:
        return None
    # No message repeats the address: it may contain a password.
    if not url.startswith(("redis://", "rediss://")):
        raise SettingError(
            "SCONTO_RATE_LIMIT_URL is no address of a Redis: expected redis://host:port/number"
        )
    if find_spec("coredis") is None:
        raise SettingError(
            "SCONTO_RATE_LIMIT_URL needs a package that is not installed: expected sconto[redis]"
        )
    return url


def _rate_limit(environment: Mapping[str, str], name: str, default: str = "") -> str:
    text = environment.get(name) or default
    if text in ("", "none"):
        return ""
    try:
        allowed = all(item.amount > 0 for item in parse_many(text))
    except ValueError:
        allowed = False
    if not allowed:
        raise SettingError(
            f"{name} is {text!r}; expected none, or a number and a time such as 500/second"
        )
    return text


def _event_settings(environment: Mapping[str, str]) -> EventSettings:
    networks = environment.get("SCONTO_WEBHOOK_NETWORKS") or ""
    try:
        for network in filter(None, map(str.strip, networks.split(","))):
            ip_network(network)
    except ValueError:
        raise SettingError(
            f"SCONTO_WEBHOOK_NETWORKS is {networks!r}; expected networks separated by commas, such "
            "as 10.1.0.0/16"
        ) from None
    return EventSettings(
        networks,
        _whole_number(environment, "SCONTO_WEBHOOK_TIMEOUT", 15, 1, 60),
        _whole_number(environment, "SCONTO_EVENTS_KEPT_DAYS", 30, 4, 3650),
    )


def _whole_number(
    environment: Mapping[str, str], name: str, default: int, least: int, most: int
) -> int:
    text = environment.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise SettingError(f"{name} is {text!r}; expected a whole number from {least} to {most}")
    return int(text)


def kept_secret_key(data_dir: Path) -> bytes:
    """The key in the data folder; made by the first process, readable only by its owner.

    Raises SettingError if the folder cannot be read or written, or the stored key is damaged.
    """
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_secret_key(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingError(
            f"{path} cannot be used: {error.strerror}; set SCONTO_DATA_DIR"
        ) from None
    if min(map(len, _split(key))) < SECRET_KEY_LENGTH:
        raise SettingError(f"{path} is damaged: remove it, and all users sign in again")
    return key


def _make_secret_key(path: Path) -> None:
    """Write a new key unless another process was faster.

    A link is made completely or not at all and never replaces a file, so that all processes read
    the same key.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(SECRET_KEY_LENGTH) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
