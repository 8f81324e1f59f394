"""Two-factor sign-in: setting it up, using it, switching it off, and resetting it."""

import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from sconto.domain.audit import of_access
from sconto.domain.history import Verb
from sconto.domain.people import Caller, User
from sconto.domain.people_problems import (
    SetupTooOld,
    TwoFactorIsOff,
    TwoFactorIsOn,
    TwoFactorRequired,
    WrongCode,
)
from sconto.domain.problems import OwnAccess, UserNotFound
from sconto.domain.sessions import Origin, Way
from sconto.domain.two_factor import (
    DIGITS,
    RECOVERY_CODES,
    SECRET_BYTES,
    SETUP_LIFETIME,
    RecoveryCode,
    TimeCode,
    limit_of_codes,
    read_code,
    recovery_hash,
    show_recovery_code,
    steps_at,
    write_recovery_code,
)
from sconto.operations.background import keep_running
from sconto.operations.keyring import Keyring, SecretUnreadable
from sconto.operations.sessions import start_again
from sconto.operations.sign_in import GUARD, Guard, check_own_password, reserve
from sconto.operations.tokens import Claims, Tokens
from sconto.operations.users import UserEdit, edit_user
from sconto.store import history, merchant_settings
from sconto.store import second_factors as store
from sconto.store import sign_in as failures
from sconto.store import users as user_rows
from sconto.store.database import Connection, Database, retried
from sconto.store.people import UserState
from sconto.store.second_factors import SealedSecret

_Done = TypeVar("_Done")

_RANDOM_OF_CODE: Final = 10
_REWRAPPED: Final = 200

_FIRST_REWRAP_PAUSE: Final = 10.0
_REWRAP_PAUSE: Final = 3600.0
"""Seconds between two looks for secrets that are encrypted with an older key."""

_ISSUER: Final = "Sconto"


@dataclass(frozen=True, slots=True)
class TwoFactorState:
    """Whether somebody has a second factor, since when, and how many recovery codes are left."""

    since: datetime
    unused_codes: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of identity: the password, and a code of the app or a recovery code."""

    password: str
    code: str


@dataclass(frozen=True, slots=True)
class Setup:
    """A new secret to show: nothing is stored until a code proves that an app has it.

    `sealed` carries the secret to the confirmation, readable only by the service. `uri` is the
    content of the QR code.
    """

    secret: str
    uri: str
    sealed: str


@retried
async def find_state(database: Database, caller: Caller) -> TwoFactorState | None:
    """The caller's second factor; None without one."""
    async with database.read(caller.merchant_id) as connection:
        found = await store.find_factor(connection, caller.merchant_id, caller.user_id)
    return None if found is None else TwoFactorState(found.created_at, found.unused_codes)


async def start_setup(
    database: Database,
    tokens: Tokens,
    session: Claims,
    password: str,
    now: datetime,
    guard: Guard = GUARD,
) -> Setup:
    """A new secret for the caller. Raises BadCredentials, TooManyAttempts, TwoFactorIsOn."""
    caller = session.caller
    await check_own_password(database, caller, password, now, guard)
    if await find_state(database, caller) is not None:
        raise TwoFactorIsOn
    expiry = int((now + SETUP_LIFETIME).timestamp()).to_bytes(8)
    sealed = tokens.keyring.seal(
        secrets.token_bytes(SECRET_BYTES) + expiry, _owner_of_setup(session)
    )
    text = base64.urlsafe_b64encode(tokens.keyring.key_id + sealed).decode()
    return await reopen_setup(database, tokens, session, text, now)


async def reopen_setup(
    database: Database, tokens: Tokens, session: Claims, sealed: str, now: datetime
) -> Setup:
    """The setup that a form carries. Raises SetupTooOld."""
    secret = _open_setup(tokens.keyring, session, sealed, now)
    caller = session.caller
    async with database.read(caller.merchant_id) as connection:
        user = await _find(connection, caller.merchant_id, caller.user_id)
    name = f"{user.merchant}/{user.name}"
    text = base64.b32encode(secret).decode().rstrip("=")
    # In Google Authenticator's Key URI Format; apps assume defaults for the rest.
    uri = f"otpauth://totp/{_ISSUER}:{quote(name, safe='')}?secret={text}&issuer={_ISSUER}"
    return Setup(text, uri, sealed)


async def confirm_setup(
    database: Database,
    tokens: Tokens,
    session: Claims,
    sealed: str,
    code: str,
    origin: Origin,
    now: datetime,
) -> tuple[list[str], str]:
    """Switch the second factor on: returns the recovery codes, and a new session for this browser.

    All other sessions and tokens of the caller end. Raises SetupTooOld, WrongCode, TwoFactorIsOn.
    """
    secret = _open_setup(tokens.keyring, session, sealed, now)
    step = _matching_step(secret, read_code(code), now)
    if step is None:
        raise WrongCode
    caller = session.caller
    codes = _new_recovery_codes()
    async with database.write(caller.merchant_id) as connection:
        row = _sealed(tokens.keyring, caller.merchant_id, caller.user_id, secret)
        if not await store.insert_factor(connection, row, now, step):
            raise TwoFactorIsOn
        await _store_codes(connection, caller, codes)
        await history.record(connection, caller, of_access(caller.user_id, Verb.TWO_FACTOR_ON), now)
        token, state = await start_again(
            connection, tokens, caller, UserEdit(), Way.TWO_FACTOR, origin, now
        )
    tokens.note_change(state)
    return [show_recovery_code(one) for one in codes], token


async def switch_off(
    database: Database,
    tokens: Tokens,
    session: Claims,
    proof: Proof,
    origin: Origin,
    now: datetime,
    guard: Guard = GUARD,
) -> str:
    """Remove the caller's second factor; returns a new session for this browser.

    All other sessions and tokens of the caller end. Raises BadCredentials, WrongCode,
    TooManyAttempts, TwoFactorIsOff, and TwoFactorRequired if the merchant requires one.
    """
    caller = session.caller
    async with database.read(caller.merchant_id) as connection:
        settings = await merchant_settings.find_settings(connection, caller.merchant_id)
    if settings.requires_two_factor:
        raise TwoFactorRequired
    await check_own_password(database, caller, proof.password, now, guard)

    async def remove(connection: Connection) -> tuple[str, UserState]:
        await store.delete_factor(connection, caller.merchant_id, caller.user_id)
        change = of_access(caller.user_id, Verb.TWO_FACTOR_OFF)
        await history.record(connection, caller, change, now)
        way = Way.PASSWORD if session.way is Way.TWO_FACTOR else session.way
        return await start_again(connection, tokens, caller, UserEdit(), way, origin, now)

    token, state = await _with_code(database, tokens.keyring, caller, proof.code, now, remove)
    tokens.note_change(state)
    return token


async def renew_recovery_codes(
    database: Database,
    tokens: Tokens,
    caller: Caller,
    proof: Proof,
    now: datetime,
    guard: Guard = GUARD,
) -> list[str]:
    """New recovery codes; the old ones no longer work.

    Raises BadCredentials, WrongCode, TooManyAttempts, TwoFactorIsOff.
    """
    await check_own_password(database, caller, proof.password, now, guard)
    codes = _new_recovery_codes()

    async def renew(connection: Connection) -> None:
        await _store_codes(connection, caller, codes)
        change = of_access(caller.user_id, Verb.RECOVERY_CODES_RENEWED)
        await history.record(connection, caller, change, now)

    await _with_code(database, tokens.keyring, caller, proof.code, now, renew)
    return [show_recovery_code(one) for one in codes]


async def reset(database: Database, tokens: Tokens | None, caller: Caller, user_id: int) -> User:
    """Remove another user's second factor, and end their sessions; returns the user.

    Raises UserNotFound, TwoFactorIsOff, and OwnAccess for the caller's own, which needs a code.
    """
    if user_id == caller.user_id:
        raise OwnAccess
    async with database.write(caller.merchant_id) as connection:
        user = await _find(connection, caller.merchant_id, user_id)
        if not await store.delete_factor(connection, caller.merchant_id, user_id):
            raise TwoFactorIsOff
        await history.record(connection, caller, of_access(user_id, Verb.TWO_FACTOR_RESET))
        state = await edit_user(connection, user_id, UserEdit(), caller)
    if tokens is not None and state is not None:
        tokens.note_change(state)
    return user


async def take_code(
    connection: Connection, keyring: Keyring, caller: Caller, text: str, now: datetime
) -> bool:
    """Use up a code of the caller's; False if it is wrong or was used. Needs a transaction."""
    code = read_code(text)
    merchant_id, user_id = caller.merchant_id, caller.user_id
    if isinstance(code, RecoveryCode):
        return await store.use_recovery_code(
            connection, merchant_id, user_id, recovery_hash(code), now
        )
    factor = await store.find_factor(connection, merchant_id, user_id)
    if code is None or factor is None:
        return False
    try:
        secret = keyring.open(factor.key_id, factor.secret, _owner(merchant_id, user_id))
    except SecretUnreadable:
        # The secret key differs from the one at the setup: recovery codes still work.
        return False
    step = _matching_step(secret, code, now)
    return step is not None and await store.use_step(connection, merchant_id, user_id, step)


async def keep_rewrapping(database: Database, keyring: Keyring) -> None:
    """Encrypt old secrets with the first key soon, then at intervals; ends when cancelled."""
    await keep_running(
        lambda: rewrap_secrets(database, keyring),
        "second factors are not encrypted with the new secret key",
        pause=_REWRAP_PAUSE,
        first_pause=_FIRST_REWRAP_PAUSE,
    )


async def rewrap_secrets(database: Database, keyring: Keyring) -> int:
    """Encrypt secrets of older keys with the first key; returns their number.

    This must be done before the older keys are removed.
    """
    if not keyring.older_key_ids:
        return 0
    rewrapped = 0
    while True:
        async with database.write() as connection:
            found = await store.list_secrets_of(connection, keyring.older_key_ids, _REWRAPPED)
            for old in found:
                owner = _owner(old.merchant_id, old.user_id)
                secret = keyring.open(old.key_id, old.secret, owner)
                new = _sealed(keyring, old.merchant_id, old.user_id, secret)
                await store.replace_secret(connection, old, new)
        rewrapped += len(found)
        if len(found) < _REWRAPPED:
            return rewrapped


async def _with_code(
    database: Database,
    keyring: Keyring,
    caller: Caller,
    code: str,
    now: datetime,
    then: Callable[[Connection], Awaitable[_Done]],
) -> _Done:
    """Do something in the transaction that uses up a code; returns its result.

    Raises WrongCode, TooManyAttempts, TwoFactorIsOff.
    """
    database.require_answers_for(caller.merchant_id)
    if await find_state(database, caller) is None:
        raise TwoFactorIsOff
    attempt = await reserve(database, (limit_of_codes(caller.user_id, is_known=True),), now)
    async with database.write() as connection:
        if await take_code(connection, keyring, caller, code, now):
            await failures.take_back(connection, attempt)
            return await then(connection)
        await failures.confirm_failure(connection, attempt)
    raise WrongCode


async def _find(connection: Connection, merchant_id: int, user_id: int) -> User:
    user = await user_rows.find_user(connection, merchant_id, user_id)
    if user is None:
        raise UserNotFound(str(user_id))
    return user


async def _store_codes(
    connection: Connection, caller: Caller, codes: Sequence[RecoveryCode]
) -> None:
    hashes = [recovery_hash(code) for code in codes]
    await store.replace_recovery_codes(connection, caller.merchant_id, caller.user_id, hashes)


def _new_recovery_codes() -> list[RecoveryCode]:
    return [
        write_recovery_code(secrets.token_bytes(_RANDOM_OF_CODE)) for _ in range(RECOVERY_CODES)
    ]


def _matching_step(
    secret: bytes, code: TimeCode | RecoveryCode | None, now: datetime
) -> int | None:
    """The step whose code it is; None if it belongs to none of the valid steps."""
    # This import takes 15 ms, and only services with two-factor sign-in need it.
    import pyotp  # noqa: PLC0415

    if not isinstance(code, TimeCode):
        return None
    # A code by time is a code by count, of the steps (RFC 6238, section 4). SHA-1 is what every app
    # supports; as a keyed hash it is sound.
    generator = pyotp.HOTP(base64.b32encode(secret).decode(), digits=DIGITS)
    matching = [
        step for step in steps_at(now) if hmac.compare_digest(generator.at(step), code.digits)
    ]
    return max(matching, default=None)


def _sealed(keyring: Keyring, merchant_id: int, user_id: int, secret: bytes) -> SealedSecret:
    sealed = keyring.seal(secret, _owner(merchant_id, user_id))
    return SealedSecret(merchant_id, user_id, sealed, keyring.key_id)


def _owner(merchant_id: int, user_id: int) -> str:
    return f"second factor {merchant_id}/{user_id}"


def _owner_of_setup(session: Claims) -> str:
    """The owner of a setup. It belongs to one session, so nobody finishes somebody else's."""
    caller = session.caller
    return f"setup {caller.merchant_id}/{caller.user_id}/{session.token_id}"


def _open_setup(keyring: Keyring, session: Claims, sealed: str, now: datetime) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(sealed)
        key_id, rest = raw[: len(keyring.key_id)], raw[len(keyring.key_id) :]
        opened = keyring.open(key_id, rest, _owner_of_setup(session))
    except (ValueError, SecretUnreadable):
        raise SetupTooOld from None
    secret, expiry = opened[:SECRET_BYTES], int.from_bytes(opened[SECRET_BYTES:])
    if now >= datetime.fromtimestamp(0, UTC) + timedelta(seconds=expiry):
        raise SetupTooOld
    return secret
