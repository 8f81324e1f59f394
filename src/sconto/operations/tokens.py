"""Tokens: who a caller is, checked without asking the database."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.store.database import Database, DatabaseUnavailable
from sconto.store.people import UserState, list_changed_users

LIFETIME: Final = timedelta(hours=24)

_ALGORITHM: Final = "HS256"
_REMEMBERED: Final = 20_000
_INTERVAL: Final = 3.0
_PATIENCE: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token says: who calls until when, as of which change of the user."""

    caller: Caller
    expires_at: int
    as_of: int


class Tokens:
    """Issues tokens signed with one secret key, and tells whose they are.

    Tokens of the keys that were used before count too, so that a key can be replaced while people
    work: a token outlives its key's turn by 24 hours at most.

    A verified token is remembered: to verify its signature again would cost more than most
    requests.
    """

    def __init__(self, key: bytes, *older: bytes, remembered: int = _REMEMBERED) -> None:
        self._key = key
        self._keys = (key, *older)
        self._remembered = remembered
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._changes: Mapping[int, tuple[int, UserState]] = {}

    def issue(self, caller: Caller, now: datetime, as_of: datetime | None = None) -> str:
        """A token for 24 hours; earlier ones stay valid.

        `as_of` is the last change of the user that the caller already reflects: later ones count
        for the token as soon as they are known. Without it every change does.
        """
        issued_at = int(now.timestamp())
        claims = {
            "sub": str(caller.user_id),
            "mid": caller.merchant_id,
            "role": caller.role.value,
            "chg": 0 if as_of is None else _microseconds(as_of),
            "iat": issued_at,
            "exp": issued_at + LIFETIME // timedelta(seconds=1),
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self._key, _ALGORITHM)

    def caller(self, token: str, now: datetime) -> Caller:
        """Who sent the token, as they are now. Raises TokenInvalid, TokenExpired."""
        known = self._tokens.get(token) or self._verified(token)
        if now.timestamp() >= known.expires_at:
            raise TokenExpired
        changed_at, state = self._changes.get(known.caller.user_id, (0, None))
        if state is None or changed_at <= known.as_of:
            return known.caller
        if state.disabled:
            raise TokenInvalid
        return state.caller

    async def keep_current(self, database: Database) -> None:
        """Learn every few seconds who was disabled or has another role; ends when cancelled.

        While the database is lost, what was known last keeps counting.
        """
        while True:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self.refresh(database)
            except (DatabaseUnavailable, TimeoutError):
                _log.warning("changes of users are not known: no database")
            except Exception:
                # Whatever it was, a later change must still find someone who asks.
                _log.exception("changes of users are not known")
            await asyncio.sleep(_INTERVAL)

    async def refresh(self, database: Database) -> None:
        """Learn now who was disabled or has another role. Raises DatabaseUnavailable."""
        async with database.read() as connection:
            changed = await list_changed_users(connection)
        self._changes = {
            state.caller.user_id: (_microseconds(state.changed_at), state) for state in changed
        }

    def _verified(self, token: str) -> _Token:
        known = _read(token, self._keys)
        self._tokens[token] = known
        if len(self._tokens) > self._remembered:
            self._tokens.popitem(last=False)
        return known


def _read(token: str, keys: Sequence[bytes]) -> _Token:
    """What a token says that one of the keys has signed. Raises TokenInvalid."""
    options: Any = {
        "require": ["sub", "mid", "role", "chg", "exp"],
        # The clock is an argument here, so whether it has expired is asked each time it is used.
        "verify_exp": False,
        "verify_iat": False,
    }
    try:
        claims = _verify(token, keys, options)
        caller = Caller(int(claims["mid"]), int(claims["sub"]), Role(claims["role"]))
        return _Token(caller, int(claims["exp"]), int(claims["chg"]))
    except (jwt.InvalidTokenError, ArithmeticError, TypeError, ValueError):
        raise TokenInvalid from None


def _verify(token: str, keys: Sequence[bytes], options: Any) -> dict[str, Any]:
    """The claims of a token. Raises jwt.InvalidTokenError where none of the keys has signed it."""
    for key in keys[:-1]:
        with suppress(jwt.InvalidSignatureError):
            return jwt.decode(token, key, algorithms=[_ALGORITHM], options=options)
    return jwt.decode(token, keys[-1], algorithms=[_ALGORITHM], options=options)


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond
