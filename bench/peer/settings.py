"""The peer's Django settings, as in production, without anything that a quote does not need."""

import os
from urllib.parse import parse_qs, urlsplit

from oscar import INSTALLED_APPS  # noqa: F401  # every name here is a setting
from oscar.defaults import *  # noqa: F403

_DATABASE = urlsplit(os.environ["BENCH_PEER_DATABASE_URL"])
_OPTIONS = parse_qs(_DATABASE.query)

DEBUG = False
SECRET_KEY = "a key that signs nothing"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "bench.peer.urls"
# It adds Content-Length to answers. There are no sessions and no sign-in, so the peer saves what a
# token costs Sconto.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _DATABASE.path.strip("/"),
        "USER": _DATABASE.username,
        "HOST": _DATABASE.hostname or _OPTIONS["host"][0],
        "PORT": _DATABASE.port or _OPTIONS.get("port", ["5432"])[0],
        # A connection stays open, as in production.
        "CONN_MAX_AGE": None,
    }
}


class _NoMigrations:
    """Says of each app that its tables are made as its models are now, not in their many steps."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()

HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}

OSCAR_DEFAULT_CURRENCY = "EUR"
