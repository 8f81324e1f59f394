"""The settings: app and cli read them once from the environment and pass them on as values."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sconto.settings.errors import SettingError
from sconto.settings.events import EventSettings, read_event_settings
from sconto.settings.mail import MailSettings, read_mail_server, read_public_url
from sconto.settings.names import SECRETS, refuse_misspelt
from sconto.settings.rate_limits import RateLimits, read_rate_limits
from sconto.settings.single_sign_on import SingleSignOn, read_single_sign_on

__all__ = ["MailSettings", "RateLimits", "SettingError", "Settings", "asks_for_traces"]

LogFormat = Literal["json", "console"]

SECRET_KEY_LENGTH: Final = 32
"""Bytes of a key at least: one shorter than the hash would weaken HS256 (RFC 7518, section 3.2)."""

_EXPECTED_KEY: Final = (
    f"expected at least {SECRET_KEY_LENGTH} bytes, such as `openssl rand -hex 32` prints"
)


OWN_ADDRESSES: Final = frozenset(
    [
        *("v1", "promotion", "checkout", "cart", "catalog", "people", "events", "export"),
        *("health", "metrics", "docs", "openapi.json", "manual", "portal", "shop"),
    ]
)
"""Where the addresses of Sconto begin. A base path that began so could not be told from them."""

_SENT_TO: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SENT_BY: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process.

    `database_url` None is the bundled server in the data folder, `secret_key` None the key stored
    there. Several keys are separated by commas: the first signs, all verify. Without an
    `operator_token` anyone may read the figures, the readiness and `/docs`. `base_path` is empty or
    such as `/promotions`; `metrics_address` is a host and a port for the figures alone.
    `public_url` is the service's address for browsers; None means the address of the request.
    Without `mail` nothing is sent.
    """

    database_url: str | None
    data_dir: Path
    secret_key: bytes | None
    zone: ZoneInfo
    log_format: LogFormat
    rate_limits: RateLimits
    operator_token: bytes | None
    public_url: str | None
    mail: MailSettings | None
    single_sign_on: SingleSignOn | None
    events: EventSettings
    metrics_token: bytes | None = None
    metrics_address: tuple[str, int] | None = None
    base_path: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; an empty variable counts as absent. Raises SettingError."""
        refuse_misspelt(name for name, value in environment.items() if value)
        environment = _with_secrets(environment)
        return cls(
            _database_url(environment),
            Path(environment.get("SCONTO_DATA_DIR") or ".sconto").absolute(),
            _secret_key(environment),
            _zone(environment),
            _log_format(environment),
            read_rate_limits(environment),
            _token(environment, "SCONTO_OPERATOR_TOKEN"),
            read_public_url(environment),
            read_mail_server(environment),
            read_single_sign_on(environment),
            read_event_settings(environment),
            _token(environment, "SCONTO_METRICS_TOKEN"),
            _metrics_address(environment),
            _base_path(environment),
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

        A worker inherits the variables of mail and single sign-on, whose values are never made
        here.
        """
        written = {
            "SCONTO_DATABASE_URL": self.database_url or "",
            "SCONTO_DATA_DIR": str(self.data_dir),
            "SCONTO_SECRET_KEY": os.fsdecode(self.secret_key or b""),
            "SCONTO_TIME_ZONE": self.zone.key,
            "SCONTO_LOG_FORMAT": self.log_format,
            "SCONTO_OPERATOR_TOKEN": (self.operator_token or b"").decode(),
            "SCONTO_EVENTS_KEPT_DAYS": str(self.events.days),
            "SCONTO_WEBHOOK_NETWORKS": self.events.networks,
            "SCONTO_WEBHOOK_TIMEOUT": str(self.events.timeout),
            "SCONTO_METRICS_TOKEN": (self.metrics_token or b"").decode(),
            "SCONTO_METRICS_ADDRESS": _write_address(self.metrics_address),
            "SCONTO_BASE_PATH": self.base_path,
            "SCONTO_RATE_LIMIT_URL": self.rate_limits.url or "",
            "SCONTO_RATE_LIMIT_USER": self.rate_limits.user or "none",
            "SCONTO_RATE_LIMIT_MERCHANT": self.rate_limits.merchant,
            "SCONTO_RATE_LIMIT_CHECKOUT_USER": self.rate_limits.checkout_user,
            "SCONTO_RATE_LIMIT_CHECKOUT_MERCHANT": self.rate_limits.checkout_merchant,
            "SCONTO_RATE_LIMIT_UNKNOWN_CODES": self.rate_limits.unknown_codes,
        }
        # The values of their files are in `written`.
        return {f"{name}_FILE": "" for name in SECRETS if name in written} | written


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


def _with_secrets(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the secrets that `SCONTO_..._FILE` names. Raises SettingError."""
    read = dict(environment)
    for name in SECRETS:
        path = environment.get(f"{name}_FILE")
        if not path:
            continue
        if environment.get(name):
            raise SettingError(f"{name} and {name}_FILE are both set; expected one of them")
        try:
            read[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingError(
                f"{name}_FILE names {path}, which cannot be read: {reason}; expected a file with "
                "its value alone"
            ) from None
        if not read[name]:
            raise SettingError(f"{name}_FILE names {path}, which is empty; expected its value")
    return read


def _database_url(environment: Mapping[str, str]) -> str | None:
    url = environment.get("SCONTO_DATABASE_URL")
    if not url:
        return None
    # No message repeats the address: it may contain a password.
    fault = "SCONTO_DATABASE_URL is not an address of a PostgreSQL database"
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


def _token(environment: Mapping[str, str], name: str) -> bytes | None:
    token = environment.get(name)
    if not token:
        return None
    if re.fullmatch(r"[!-~]{16,}", token) is None:
        raise SettingError(
            f"{name} cannot be sent in a header, or is too short: expected at least "
            "16 letters, digits and signs, such as `openssl rand -hex 32` prints"
        )
    return token.encode()


def _metrics_address(environment: Mapping[str, str]) -> tuple[str, int] | None:
    text = environment.get("SCONTO_METRICS_ADDRESS")
    if not text:
        return None
    address = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\s]+)):([0-9]{1,5})", text)
    if address is None or int(address[3]) > 65535:
        raise SettingError(
            f"SCONTO_METRICS_ADDRESS is {text!r}; expected a host and a port such as 127.0.0.1:9100"
        )
    return address[1] or address[2], int(address[3])


def _write_address(address: tuple[str, int] | None) -> str:
    if address is None:
        return ""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _base_path(environment: Mapping[str, str]) -> str:
    text = environment.get("SCONTO_BASE_PATH") or ""
    if text in ("", "/"):
        return ""
    # `//` would begin an address on another host, and `..` would leave the path.
    if re.fullmatch(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+", text) is None:
        raise SettingError(
            f"SCONTO_BASE_PATH is {text!r}; expected a path such as /promotions: letters, digits "
            "and the signs . _ ~ - between slashes, with none at the end"
        )
    if text.split("/")[1] in OWN_ADDRESSES:
        raise SettingError(
            f"SCONTO_BASE_PATH is {text!r}, which begins like an address of Sconto itself; "
            "expected another one, such as /promotions"
        )
    return text


def _zone(environment: Mapping[str, str]) -> ZoneInfo:
    name = environment.get("SCONTO_TIME_ZONE") or "UTC"
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise SettingError(
            f"SCONTO_TIME_ZONE is not a time zone: {name!r}; expected a name such as Europe/Berlin"
        ) from None


def _log_format(environment: Mapping[str, str]) -> LogFormat:
    match environment.get("SCONTO_LOG_FORMAT") or "json":
        case "json":
            return "json"
        case "console":
            return "console"
        case name:
            raise SettingError(f"SCONTO_LOG_FORMAT is {name!r}; expected json or console")


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
