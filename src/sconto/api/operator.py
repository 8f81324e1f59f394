"""Who may see figures, readiness and the manual: anyone, or only with the operator's token."""

import base64
import hmac
from collections.abc import Sequence

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.api.headers import find_header
from sconto.api.operator_challenge import NotTheOperator


def require_operator(request: Request) -> None:
    """Raise NotTheOperator unless the request has the token, or none is set.

    It is sent as `Bearer <token>`, or as the password of any user name in `Basic`.
    """
    _require_one_of(request, [context_of(request).operator_token])


def require_scraper(request: Request) -> None:
    """Raise NotTheOperator unless the request has the token for the figures or the operator's.

    It is sent as above. If neither is set, anyone may read the figures.
    """
    context = context_of(request)
    _require_one_of(request, [context.metrics_token, context.operator_token])


def _require_one_of(request: Request, tokens: Sequence[bytes | None]) -> None:
    accepted = [token for token in tokens if token is not None]
    if not accepted:
        return
    sent = _sent_by(request)
    if not any(hmac.compare_digest(sent, token) for token in accepted):
        raise NotTheOperator


def _sent_by(request: Request) -> bytes:
    scheme, _, sent = (find_header(request, b"authorization") or "").partition(" ")
    match scheme.lower():
        case "bearer":
            return sent.strip().encode()
        case "basic":
            try:
                return base64.b64decode(sent.encode(), validate=True).partition(b":")[2]
            except ValueError:
                return b""
        case _:
            return b""
