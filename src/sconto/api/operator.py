"""Who may see figures, readiness and the manual: anyone, or only who has the operator's token."""

import base64
import hmac

from starlette.requests import Request

from sconto.api.context import context_of
from sconto.api.headers import find_header
from sconto.api.operator_challenge import NotTheOperator


def require_operator(request: Request) -> None:
    """Raise NotTheOperator unless the request has the token, or none is set.

    It is sent as `Bearer <token>`, or as the password of any user name in `Basic`.
    """
    token = context_of(request).operator_token
    if token is not None and not hmac.compare_digest(_sent_by(request), token):
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
