"""Codes by time, computed from RFC 4226 and RFC 6238 alone."""

import base64
import hmac
from datetime import datetime


def code_at(secret: str, now: datetime, steps: int = 0) -> str:
    """The code of a secret in base 32, some steps later than now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int(now.timestamp()) // 30 + steps
    digest = hmac.digest(key, counter.to_bytes(8), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"
