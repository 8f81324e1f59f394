"""The names of the settings, so that a misspelt one does not go unnoticed."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from sconto.settings.errors import SettingError

SECRETS: Final = (
    "SCONTO_DATABASE_URL",
    "SCONTO_SECRET_KEY",
    "SCONTO_OPERATOR_TOKEN",
    "SCONTO_METRICS_TOKEN",
    "SCONTO_RATE_LIMIT_URL",
    "SCONTO_SMTP_URL",
    "SCONTO_OIDC_CLIENT_SECRET",
)
"""Settings that may be in a file, such as a secret of Docker, Kubernetes or systemd."""

NAMES: Final = frozenset(
    {
        *SECRETS,
        "SCONTO_BASE_PATH",
        "SCONTO_DATA_DIR",
        "SCONTO_EVENTS_KEPT_DAYS",
        "SCONTO_LOG_FORMAT",
        "SCONTO_METRICS_ADDRESS",
        "SCONTO_OIDC_CLIENT_ID",
        "SCONTO_OIDC_DEFAULT_ROLE",
        "SCONTO_OIDC_ISSUER",
        "SCONTO_OIDC_MERCHANT",
        "SCONTO_OIDC_MERCHANT_CLAIM",
        "SCONTO_OIDC_NAME",
        "SCONTO_OIDC_ROLES",
        "SCONTO_OIDC_ROLE_CLAIM",
        "SCONTO_OIDC_SCOPE",
        "SCONTO_PUBLIC_URL",
        "SCONTO_RATE_LIMIT_CHECKOUT_MERCHANT",
        "SCONTO_RATE_LIMIT_CHECKOUT_USER",
        "SCONTO_RATE_LIMIT_MERCHANT",
        "SCONTO_RATE_LIMIT_UNKNOWN_CODES",
        "SCONTO_RATE_LIMIT_USER",
        "SCONTO_SMTP_FROM",
        "SCONTO_TIME_ZONE",
        "SCONTO_WEBHOOK_NETWORKS",
        "SCONTO_WEBHOOK_TIMEOUT",
    }
)
"""All settings."""

_READ: Final = NAMES | {f"{name}_FILE" for name in SECRETS}

# Kubernetes sets these in each pod for a service such as `sconto-database`.
_OF_KUBERNETES: Final = re.compile(r"_SERVICE_HOST$|_SERVICE_PORT(_|$)|_PORT(_[0-9]+_|$)")

_ALIKE: Final = 0.85
"""How alike two names are that are taken for the same one, as `difflib` measures it."""


def refuse_misspelt(names: Iterable[str]) -> None:
    """Raise SettingError for a name that is almost that of a setting.

    Other unknown names are ignored: programs beside Sconto have theirs.
    """
    for name in sorted(names):
        if not name.startswith("SCONTO_") or name in _READ or _OF_KUBERNETES.search(name):
            continue
        if meant := get_close_matches(name, sorted(_READ), n=1, cutoff=_ALIKE):
            raise SettingError(f"{name} is no setting; expected {meant[0]}")
