"""Tokens say who a caller is; checking one needs no database."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final

import jwt

from sconto.domain.people import Caller, Role
from sconto.domain.problems import TokenExpired, TokenInvalid
from sconto.domain.sessions import Way
from sconto.operations.background import keep_running, try_to_run
from sconto.operations.keyring import Keyring
from sconto.store.database import Database, DatabaseUnavailable
from sconto.store.people import UserState, list_changed_users
from sconto.store.tokens import list_ended_tokens, read_epoch

LIFETIME: Final = timedelta(hours=24)

FIRST_EPOCH: Final = 0
"""The epoch of a database that was never restored; tokens may leave it out."""

_ALGORITHM: Final = "HS256"
_MAX_CACHED: Final = 20_000

REFRESH_PAUSE: Final = 3.0
"""Seconds between two refreshes."""

REFRESH_TIMEOUT: Final = 5.0
"""Seconds after which a refresh is given up."""

_FAILURE: Final = "changes of users are not known"


class Purpose(StrEnum):
    """What a token is for; it is not valid for anything else."""

    API = "api"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Claims:
    """The content of a token: who calls, until when, and which change of the user it knows.

    `purpose` is None in tokens of older programs: they are valid for both purposes. `way` is how a
    session was opened.
    """

    caller: Caller
    expires_at: int
    as_of: int
    token_id: str
    epoch: int
    purpose: str | None
    way: Way = Way.PASSWORD

    @property
    def expiry(self) -> datetime:
        """When the token expires."""
        return datetime.fromtimestamp(self.expires_at, UTC)


class Tokens:
    """Issues tokens signed with one secret key, and checks tokens.

    Tokens of older keys are valid too, so that a key can be replaced while people work. A token is
    valid for at most 24 hours after its key was replaced.

    Verified tokens are cached: verifying a signature costs more than most requests.

    `epoch` is the database's. With None, no token is valid until `refresh` has read it.
    """

    def __init__(
        self,
        key: bytes,
        *older: bytes,
        most_cached: int = _MAX_CACHED,
        epoch: int | None = FIRST_EPOCH,
    ) -> None:
        self._key = key
        self._keys = (key, *older)
        self._most_cached = most_cached
        self._tokens: OrderedDict[str, Claims] = OrderedDict()
        self._changes: Mapping[int, int] = {}
        self._ended: frozenset[str] = frozenset()
        self._epoch = epoch
        self._notes = 0
        self.keyring: Final = Keyring(self._keys)
        """Encrypts with the same keys."""

    def issue(
        self,
        caller: Caller,
        now: datetime,
        as_of: datetime | None = None,
        *,
        purpose: Purpose = Purpose.API,
        epoch: int | None = None,
        token_id: str | None = None,
        way: Way = Way.PASSWORD,
    ) -> str:
        """A token for 24 hours; earlier ones stay valid.

        `as_of` is the last change of the user that the caller knows. Later changes end the token as
        soon as this process knows them; without `as_of` every change does. `epoch` is the
        database's, if it was read together with the user; None means the one that was read last.
        """
        if epoch is None:
            epoch = self._epoch or FIRST_EPOCH
        issued_at = int(now.timestamp())
        claims: dict[str, object] = {
            "sub": str(caller.user_id),
            "mid": caller.merchant_id,
            "role": caller.role.value,
            "chg": 0 if as_of is None else _microseconds(as_of),
            "iat": issued_at,
            "exp": issued_at + LIFETIME // timedelta(seconds=1),
            "jti": token_id or new_token_id(),
            "use": purpose.value,
            "epc": epoch,
        }
        if way is not Way.PASSWORD:
            claims["way"] = way.value
        return jwt.encode(claims, self._key, _ALGORITHM)

    def caller(self, token: str, now: datetime, purpose: Purpose = Purpose.API) -> Caller:
        """The caller who sent a token for that purpose. Raises what `claims` raises."""
        return self.claims(token, now, purpose).caller

    def claims(self, token: str, now: datetime, purpose: Purpose = Purpose.API) -> Claims:
        """The content of a valid token for that purpose. Raises TokenInvalid, TokenExpired.

        Raises DatabaseUnavailable until the database's epoch is known.
        """
        known = self._tokens.get(token) or self._verified(token)
        if now.timestamp() >= known.expires_at:
            raise TokenExpired
        if known.purpose not in (purpose, None):
            raise TokenInvalid
        if self._epoch is None:
            raise DatabaseUnavailable("the epoch of its tokens is not known yet")
        if (
            known.epoch != self._epoch
            or known.token_id in self._ended
            or self._changes.get(known.caller.user_id, 0) > known.as_of
        ):
            raise TokenInvalid
        return known

    def seal(self, use: str, facts: Mapping[str, str], now: datetime, lifetime: timedelta) -> str:
        """A signed text that carries facts; it is not a token."""
        claims = {**facts, "use": use, "exp": int((now + lifetime).timestamp())}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def unseal(self, use: str, text: str, now: datetime) -> Mapping[str, str] | None:
        """The facts in a sealed text; None unless it was sealed for this use, and recently."""
        options: Any = {"require": ["exp", "use"], "verify_exp": False}
        try:
            facts = _verify(text, self._keys, options)
            is_valid = facts["use"] == use and now.timestamp() < int(facts["exp"])
        except (jwt.InvalidTokenError, TypeError, ValueError):
            return None
        return facts if is_valid else None

    def note_change(self, state: UserState) -> None:
        """Apply a change of a user in this process immediately; other processes read it later."""
        self._notes += 1
        changed_at = _microseconds(state.changed_at)
        self._changes = {**self._changes, state.caller.user_id: changed_at}

    def note_end(self, token_id: str) -> None:
        """Apply the end of a token in this process immediately; other processes read it later."""
        self._notes += 1
        self._ended |= {token_id}

    async def keep_refreshing(self, database: Database, pause: float = REFRESH_PAUSE) -> None:
        """Read every few seconds which tokens were ended; ends when cancelled.

        While the database is unavailable, the last known state counts.
        """
        job = partial(self._refresh_in_time, database)
        await keep_running(job, _FAILURE, pause=pause, first_pause=0)

    async def try_to_refresh(self, database: Database) -> None:
        """As `refresh`, but only logs a failure."""
        await try_to_run(partial(self._refresh_in_time, database), _FAILURE)

    async def _refresh_in_time(self, database: Database) -> None:
        try:
            async with asyncio.timeout(REFRESH_TIMEOUT):
                await self.refresh(database)
        except TimeoutError as error:
            raise DatabaseUnavailable("a refresh took too long") from error

    async def refresh(self, database: Database) -> None:
        """Read now which tokens were ended. Raises DatabaseUnavailable."""
        notes = -1
        # A change noted during the read may be missing in its result.
        while notes != self._notes:
            notes = self._notes
            async with database.read() as connection:
                # In this order: ending all tokens of a user deletes the single ends.
                ended = await list_ended_tokens(connection)
                changed = await list_changed_users(connection)
                epoch = await read_epoch(connection)
        self._ended = ended
        self._changes = {state.caller.user_id: _microseconds(state.changed_at) for state in changed}
        self._epoch = epoch

    def _verified(self, token: str) -> Claims:
        known = _read(token, self._keys)
        self._tokens[token] = known
        if len(self._tokens) > self._most_cached:
            self._tokens.popitem(last=False)
        return known


def new_token_id() -> str:
    """A random id of a token."""
    return secrets.token_hex(8)


def _read(token: str, keys: Sequence[bytes]) -> Claims:
    """The content of a token that one of the keys signed. Raises TokenInvalid."""
    options: Any = {
        "require": ["sub", "mid", "role", "chg", "exp", "jti"],
        # The clock is an argument, so expiry is checked at each use.
        "verify_exp": False,
        "verify_iat": False,
    }
    try:
        claims = _verify(token, keys, options)
        caller = Caller(int(claims["mid"]), int(claims["sub"]), Role(claims["role"]))
        return Claims(
            caller,
            int(claims["exp"]),
            int(claims["chg"]),
            str(claims["jti"]),
            int(claims.get("epc", FIRST_EPOCH)),
            claims.get("use"),
            Way(claims.get("way", Way.PASSWORD)),
        )
    except (jwt.InvalidTokenError, ArithmeticError, TypeError, ValueError):
        raise TokenInvalid from None


def _verify(token: str, keys: Sequence[bytes], options: Any) -> dict[str, Any]:
    """The claims of a token. Raises jwt.InvalidTokenError if none of the keys signed it."""
    for key in keys[:-1]:
        with suppress(jwt.InvalidSignatureError):
            return jwt.decode(token, key, algorithms=[_ALGORITHM], options=options)
    return jwt.decode(token, keys[-1], algorithms=[_ALGORITHM], options=options)


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond
