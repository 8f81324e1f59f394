"""Reading the settings, and the errors for invalid ones."""

import multiprocessing
from collections.abc import Mapping
from pathlib import Path

import pytest

from sconto.app import ROUTES
from sconto.domain.people import Role
from sconto.settings import (
    OWN_ADDRESSES,
    MailSettings,
    RateLimits,
    SettingError,
    Settings,
    kept_secret_key,
    single_sign_on,
)

KEY = "k" * 32
URL = "postgresql://ada:secret@db.example:5432/sconto"


def test_without_any_setting_everything_has_a_default() -> None:
    settings = Settings.read({})
    assert settings.database_url is None
    assert settings.data_dir == Path(".sconto").absolute()
    assert settings.secret_key is None
    assert settings.zone.key == "UTC"
    assert settings.log_format == "json"
    assert settings.rate_limits == RateLimits(None, "2000/second", "", "", "", "")


def test_an_empty_variable_counts_as_absent() -> None:
    names = ["DATABASE_URL", "DATA_DIR", "SECRET_KEY", "TIME_ZONE", "LOG_FORMAT"]
    assert Settings.read({f"SCONTO_{name}": "" for name in names}) == Settings.read({})


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("SCONTO_DATABSE_URL", "SCONTO_DATABASE_URL"),
        ("SCONTO_TIMEZONE", "SCONTO_TIME_ZONE"),
        ("SCONTO_SMTP_URL_FIEL", "SCONTO_SMTP_URL_FILE"),
        ("SCONTO_TIME_ZONE_FILE", "SCONTO_TIME_ZONE"),
    ],
)
def test_a_misspelt_name_is_refused(given: str, meant: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.read({given: "x"})
    assert str(refused.value) == f"{given} is no setting; expected {meant}"
    assert Settings.read({given: ""}) == Settings.read({})


@pytest.mark.parametrize(
    "name",
    [
        *("SCONTO_URL", "SCONTO_TOKEN", "SCONTO_VERSION", "SCONTO_TEST_CITUS_URL"),
        *("SCONTO_PORT", "SCONTO_DATABASE_PORT", "SCONTO_DATABASE_PORT_5432_TCP_ADDR"),
        *("SCONTO_METRICS_SERVICE_HOST", "SCONTO_METRICS_SERVICE_PORT_HTTP"),
    ],
)
def test_names_of_other_programs_and_of_kubernetes_are_ignored(name: str) -> None:
    assert Settings.read({name: "x"}) == Settings.read({})


def test_a_worker_reads_the_settings_of_its_parent(tmp_path: Path) -> None:
    given = {
        "SCONTO_DATA_DIR": str(tmp_path),
        "SCONTO_TIME_ZONE": "Europe/Berlin",
        "SCONTO_LOG_FORMAT": "console",
        "SCONTO_OPERATOR_TOKEN": "an-operator-token",
        "SCONTO_METRICS_TOKEN": "a-token-for-metrics",
        "SCONTO_METRICS_ADDRESS": "[::1]:9100",
        "SCONTO_BASE_PATH": "/shop-1/promotions",
        "SCONTO_EVENTS_KEPT_DAYS": "90",
        "SCONTO_WEBHOOK_NETWORKS": "10.1.0.0/16, fd00:1::/32",
        "SCONTO_WEBHOOK_TIMEOUT": "30",
        "SCONTO_RATE_LIMIT_USER": "none",
        "SCONTO_RATE_LIMIT_MERCHANT": "10/second;1000/hour",
        "SCONTO_RATE_LIMIT_CHECKOUT_USER": "20/second",
        "SCONTO_RATE_LIMIT_UNKNOWN_CODES": "100/hour",
    }
    parent = Settings.read(given).with_database(URL)
    assert Settings.read(parent.as_environment()) == parent
    assert parent.secret_key == kept_secret_key(tmp_path)


OIDC = {
    "SCONTO_OIDC_ISSUER": "https://login.example/realms/shop",
    "SCONTO_OIDC_CLIENT_ID": "sconto",
    "SCONTO_OIDC_MERCHANT": "Demo shop",
}


def test_single_sign_on_has_roles_by_value_and_a_name_for_people() -> None:
    roles = "admin=Shop admins, viewer = staff,viewer=guests"
    read = Settings.read(
        OIDC | {"SCONTO_OIDC_ROLE_CLAIM": "groups", "SCONTO_OIDC_ROLES": roles}
    ).single_sign_on
    assert read is not None
    assert read.roles == {"Shop admins": "admin", "staff": "viewer", "guests": "viewer"}
    assert (read.name, read.scope) == ("login.example", "openid email profile")
    assert Settings.read({}).single_sign_on is None


def test_the_roles_of_single_sign_on_are_those_of_users() -> None:
    assert tuple(Role) == single_sign_on.ROLES


def test_single_sign_on_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(single_sign_on, "find_spec", lambda _: None)
    with pytest.raises(SettingError, match=r"expected sconto\[oidc\]"):
        Settings.read(OIDC)


MAIL = {"SCONTO_SMTP_FROM": "sconto@example.com"}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://me:s%40crt@mail.example", ("mail.example", 587, "me", "s@crt", False, True)),
        ("smtps://mail.example:2465", ("mail.example", 2465, "", "", True, True)),
        ("smtp://127.0.0.1:25", ("127.0.0.1", 25, "", "", False, False)),
        ("smtp://localhost:25?tls=required", ("localhost", 25, "", "", False, True)),
        ("smtp://mail.example?tls=none", ("mail.example", 587, "", "", False, False)),
    ],
)
def test_mail_is_encrypted_unless_the_server_is_on_this_machine(
    url: str, server: tuple[str, int, str, str, bool, bool]
) -> None:
    read = Settings.read(MAIL | {"SCONTO_SMTP_URL": url}).mail
    assert read == MailSettings(*server, "sconto@example.com")


def test_a_public_address_loses_its_last_slash() -> None:
    settings = Settings.read({"SCONTO_PUBLIC_URL": "https://sconto.example.com/shop/"})
    assert settings.public_url == "https://sconto.example.com/shop"


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        (OIDC | {"SCONTO_OIDC_ISSUER": "http://login.example"}, "SCONTO_OIDC_ISSUER is 'http:"),
        (OIDC | {"SCONTO_OIDC_ISSUER": "https://x?y=z"}, "SCONTO_OIDC_ISSUER is 'https://x?y=z'"),
        (OIDC | {"SCONTO_OIDC_CLIENT_ID": ""}, "SCONTO_OIDC_CLIENT_ID is missing"),
        (OIDC | {"SCONTO_OIDC_MERCHANT": ""}, "expected either SCONTO_OIDC_MERCHANT"),
        (OIDC | {"SCONTO_OIDC_MERCHANT_CLAIM": "x"}, "expected either SCONTO_OIDC_MERCHANT"),
        (OIDC | {"SCONTO_OIDC_ROLE_CLAIM": "x"}, "SCONTO_OIDC_ROLE_CLAIM and SCONTO_OIDC_ROLES"),
        (OIDC | {"SCONTO_OIDC_ROLES": "owner=x"}, "SCONTO_OIDC_ROLES has 'owner=x'"),
        (OIDC | {"SCONTO_OIDC_ROLES": "admin"}, "SCONTO_OIDC_ROLES has 'admin'"),
        (OIDC | {"SCONTO_OIDC_DEFAULT_ROLE": "owner"}, "SCONTO_OIDC_DEFAULT_ROLE is 'owner'"),
        (OIDC | {"SCONTO_OIDC_SCOPE": "email"}, "SCONTO_OIDC_SCOPE is 'email'"),
        ({"SCONTO_PUBLIC_URL": "sconto.example.com"}, "SCONTO_PUBLIC_URL is 'sconto.example.com';"),
        ({"SCONTO_PUBLIC_URL": "https://"}, "SCONTO_PUBLIC_URL is 'https:';"),
        ({"SCONTO_PUBLIC_URL": "http://[::1"}, "SCONTO_PUBLIC_URL is 'http://[::1';"),
        (MAIL | {"SCONTO_SMTP_URL": "mail:secret@x"}, "SCONTO_SMTP_URL is not an address"),
        (MAIL | {"SCONTO_SMTP_URL": "smtp://x:secret"}, "SCONTO_SMTP_URL is not an address"),
        (MAIL | {"SCONTO_SMTP_URL": "smtps://x?tls=none"}, "SCONTO_SMTP_URL is not an address"),
        ({"SCONTO_SMTP_URL": "smtp://secret@x"}, "SCONTO_SMTP_FROM must be the sender of mail"),
        ({"SCONTO_DATABASE_URL": "mysql://ada:secret@db/x"}, "SCONTO_DATABASE_URL is not an addr"),
        ({"SCONTO_DATABASE_URL": "postgresql://db:99999/x"}, "SCONTO_DATABASE_URL is not an addr"),
        ({"SCONTO_DATABASE_URL": "postgresql://db:1,b:x/x"}, "SCONTO_DATABASE_URL is not an addr"),
        ({"SCONTO_DATABASE_URL": "postgresql://[::1/secret"}, "SCONTO_DATABASE_URL is not an addr"),
        ({"SCONTO_SECRET_KEY": "secret"}, "SCONTO_SECRET_KEY is too short (6 bytes)"),
        ({"SCONTO_SECRET_KEY": f"{KEY},secret"}, "a key in SCONTO_SECRET_KEY is too short (6 byt"),
        ({"SCONTO_SECRET_KEY": f"{KEY},"}, "a key in SCONTO_SECRET_KEY is too short (0 bytes)"),
        (
            {"SCONTO_OPERATOR_TOKEN": "secret"},
            "SCONTO_OPERATOR_TOKEN cannot be sent in a header, or",
        ),
        ({"SCONTO_OPERATOR_TOKEN": "secret secret secret"}, "SCONTO_OPERATOR_TOKEN cannot be sent"),
        ({"SCONTO_METRICS_TOKEN": "secret"}, "SCONTO_METRICS_TOKEN cannot be sent in a header"),
        ({"SCONTO_METRICS_ADDRESS": "9100"}, "SCONTO_METRICS_ADDRESS is '9100'"),
        ({"SCONTO_METRICS_ADDRESS": "h:99999"}, "SCONTO_METRICS_ADDRESS is 'h:99999'"),
        ({"SCONTO_METRICS_ADDRESS": "::1:80"}, "SCONTO_METRICS_ADDRESS is '::1:80'"),
        ({"SCONTO_BASE_PATH": "promotions"}, "SCONTO_BASE_PATH is 'promotions'"),
        ({"SCONTO_BASE_PATH": "/promotions/"}, "SCONTO_BASE_PATH is '/promotions/'"),
        ({"SCONTO_BASE_PATH": "//evil.example"}, "SCONTO_BASE_PATH is '//evil.example'"),
        ({"SCONTO_BASE_PATH": "/a/../b"}, "SCONTO_BASE_PATH is '/a/../b'"),
        ({"SCONTO_BASE_PATH": "/a b"}, "SCONTO_BASE_PATH is '/a b'"),
        ({"SCONTO_BASE_PATH": "/portal/x"}, "SCONTO_BASE_PATH is '/portal/x', which begins like"),
        (
            {"SCONTO_SECRET_KEY": KEY, "SCONTO_SECRET_KEY_FILE": "/key"},
            "SCONTO_SECRET_KEY and SCONTO_SECRET_KEY_FILE are both set",
        ),
        ({"SCONTO_SECRET_KEY_FILE": "/nowhere/key"}, "SCONTO_SECRET_KEY_FILE names /nowhere/key"),
        ({"SCONTO_SECRET_KEY_FILE": "/dev/null"}, "SCONTO_SECRET_KEY_FILE names /dev/null, which"),
        ({"SCONTO_TIME_ZONE": "Mars"}, "SCONTO_TIME_ZONE is not a time zone: 'Mars'"),
        ({"SCONTO_TIME_ZONE": "../../etc/passwd"}, "SCONTO_TIME_ZONE is not a time zone"),
        ({"SCONTO_TIME_ZONE": "Europe"}, "SCONTO_TIME_ZONE is not a time zone"),
        ({"SCONTO_LOG_FORMAT": "xml"}, "SCONTO_LOG_FORMAT is 'xml'; expected json or console"),
        ({"SCONTO_RATE_LIMIT_USER": "many"}, "SCONTO_RATE_LIMIT_USER is 'many'; expected none"),
        ({"SCONTO_RATE_LIMIT_MERCHANT": "0/second"}, "SCONTO_RATE_LIMIT_MERCHANT is '0/second'"),
        ({"SCONTO_EVENTS_KEPT_DAYS": "3"}, "SCONTO_EVENTS_KEPT_DAYS is '3'; expected a whole"),
        ({"SCONTO_WEBHOOK_TIMEOUT": "1.5"}, "SCONTO_WEBHOOK_TIMEOUT is '1.5'; expected a whole"),
        ({"SCONTO_WEBHOOK_NETWORKS": "10.1.0.1/16"}, "SCONTO_WEBHOOK_NETWORKS is '10.1.0.1/16'"),
        ({"SCONTO_RATE_LIMIT_URL": "http://:secret@x"}, "SCONTO_RATE_LIMIT_URL is not an address"),
    ],
)
def test_a_bad_value_is_named_in_one_line(environment: Mapping[str, str], fault: str) -> None:
    with pytest.raises(SettingError) as error:
        Settings.read(environment)
    assert str(error.value).startswith(fault)
    assert "expected" in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "url").write_text(f" {URL}\r\n")
    (tmp_path / "mail").write_text("smtps://ada:secret@mail.example")
    environment = {
        "SCONTO_SMTP_URL_FILE": str(tmp_path / "mail"),
        "SCONTO_SMTP_FROM": "ada@example.com",
        "SCONTO_SECRET_KEY_FILE": str(tmp_path / "key"),
        "SCONTO_DATABASE_URL_FILE": str(tmp_path / "url"),
    }
    settings = Settings.read(environment)
    assert (settings.secret_key, settings.database_url) == (KEY.encode(), URL)
    assert settings.mail is not None
    # A worker's environment still has those variables; its parent sets the values.
    assert Settings.read(environment | settings.as_environment()) == settings


def test_every_address_is_known_to_begin_no_base_path() -> None:
    addresses = {str(getattr(route, "path", "")) for route in ROUTES}
    assert {address.split("/")[1] for address in addresses} <= OWN_ADDRESSES


def test_of_several_keys_the_first_signs(tmp_path: Path) -> None:
    other = "o" * 40
    settings = Settings.read({"SCONTO_SECRET_KEY": f"{KEY}, {other}"})
    assert settings.secret_keys == [KEY.encode(), other.encode()]
    (tmp_path / "secret-key").write_text(f"{other},{KEY}\n")
    assert Settings.read({"SCONTO_DATA_DIR": str(tmp_path)}).with_database(URL).secret_keys == [
        other.encode(),
        KEY.encode(),
    ]


def test_a_database_may_have_several_hosts() -> None:
    url = "postgresql://ada:a,b@[::1]:5432,db.example,10.0.0.2:5433/sconto"
    assert Settings.read({"SCONTO_DATABASE_URL": url}).database_url == url


def test_a_named_database_needs_a_secret_key() -> None:
    with pytest.raises(SettingError, match="SCONTO_SECRET_KEY is missing"):
        Settings.read({"SCONTO_DATABASE_URL": URL}).require_secret_key()
    Settings.read({"SCONTO_DATABASE_URL": URL, "SCONTO_SECRET_KEY": KEY}).require_secret_key()
    Settings.read({}).require_secret_key()


def test_the_key_is_made_once_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    key = kept_secret_key(folder)
    assert len(key) >= 32
    assert kept_secret_key(folder) == key
    assert [path.name for path in folder.iterdir()] == ["secret-key"]
    assert (folder / "secret-key").stat().st_mode & 0o777 == 0o600
    assert kept_secret_key(tmp_path / "other") != key


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        keys = pool.map(kept_secret_key, [tmp_path] * 16, chunksize=1)
    assert set(keys) == {kept_secret_key(tmp_path)}
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("short\n")
    with pytest.raises(SettingError, match="is damaged"):
        kept_secret_key(tmp_path)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="SCONTO_DATA_DIR"):
        kept_secret_key(tmp_path / "file")
