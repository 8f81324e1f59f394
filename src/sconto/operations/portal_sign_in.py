"""Signing in to the portal: with a password, and with a code if the user has a second factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sconto.domain.audit import code_refused
from sconto.domain.people_problems import SignInTooOld, WrongCode
from sconto.domain.sessions import Origin, Way
from sconto.domain.two_factor import SECOND_STEP_LIFETIME, limit_of_codes
from sconto.operations.sessions import open_session, record_sign_in
from sconto.operations.sign_in import GUARD, Guard, SignIn, find_user, reserve, store_place
from sconto.operations.tokens import Tokens
from sconto.operations.two_factor import take_code
from sconto.store import history, people
from sconto.store import sign_in as failures
from sconto.store.database import Database, retrying
from sconto.store.people import UserState
from sconto.store.tokens import read_epoch

_USE: Final = "second step of a sign-in"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session's token, for its cookie; `username` is as it was typed."""

    username: str
    token: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right. `half` proves that for ten minutes; a code is needed too."""

    half: str


async def sign_in(
    database: Database, tokens: Tokens, asked: SignIn, now: datetime, guard: Guard = GUARD
) -> OpenedSession | CodeNeeded:
    """The first step. Raises BadCredentials, TooManyAttempts."""
    user = await find_user(database, asked, now, guard)
    state = user.state
    if user.two_factor:
        facts = _facts_of(asked, state, user.epoch, is_known=user.known_here)
        return CodeNeeded(tokens.seal(_USE, facts, now, SECOND_STEP_LIFETIME))
    origin = Origin(asked.address, asked.user_agent)
    database.require_answers_for(state.caller.merchant_id)

    async def open_one() -> str:
        async with database.write() as connection:
            token = await open_session(
                connection, tokens, state, user.epoch, Way.PASSWORD, origin, now
            )
            await record_sign_in(connection, state.caller, Way.PASSWORD, origin, now)
            return token

    return OpenedSession(asked.username, await retrying(open_one))


def username_of(tokens: Tokens, half: str, now: datetime) -> str | None:
    """The name that was typed in the first step; None if that was too long ago."""
    facts = tokens.unseal(_USE, half, now)
    return None if facts is None else facts["name"]


async def enter_code(
    database: Database, tokens: Tokens, half: str, code: str, origin: Origin, now: datetime
) -> OpenedSession:
    """The second step. Raises WrongCode, TooManyAttempts, SignInTooOld.

    A code works once: of concurrent attempts with the same code, in all processes, one succeeds.
    Attempts count before the code is checked, as with passwords.
    """
    facts = tokens.unseal(_USE, half, now)
    if facts is None:
        raise SignInTooOld
    user_id = int(facts["user"])
    database.require_answers_for(int(facts["merchant"]))
    limit = limit_of_codes(user_id, is_known=facts["known"] == "yes")
    attempt = await reserve(database, (limit,), now)
    taken, token = False, None
    async with database.write() as connection:
        state = await people.find_state(connection, user_id)
        epoch = await read_epoch(connection)
        # Whatever ends sessions also ends a half-done sign-in.
        is_over = state is None or state.disabled or not _is_as_before(facts, state, epoch)
        if state is not None and not is_over:
            taken = await take_code(connection, tokens.keyring, state.caller, code, now)
        if taken and state is not None:
            asked = SignIn(facts["name"], "", origin.address)
            await store_place(connection, asked, state.caller, now)
            token = await open_session(
                connection, tokens, state, epoch, Way.TWO_FACTOR, origin, now
            )
            await record_sign_in(connection, state.caller, Way.TWO_FACTOR, origin, now)
        if taken or is_over:
            await failures.take_back(connection, attempt)
        elif state is not None:
            await failures.confirm_failure(connection, attempt)
            await history.record(connection, state.caller, code_refused(user_id, origin), now)
    if is_over:
        raise SignInTooOld
    if token is None:
        raise WrongCode
    return OpenedSession(facts["name"], token)


def _facts_of(asked: SignIn, state: UserState, epoch: int, *, is_known: bool) -> Mapping[str, str]:
    return {
        "name": asked.username,
        "merchant": str(state.caller.merchant_id),
        "user": str(state.caller.user_id),
        "changed": state.changed_at.isoformat(),
        "epoch": str(epoch),
        "known": "yes" if is_known else "no",
    }


def _is_as_before(facts: Mapping[str, str], state: UserState, epoch: int) -> bool:
    return (
        facts["changed"] == state.changed_at.isoformat()
        and facts["epoch"] == str(epoch)
        and facts["merchant"] == str(state.caller.merchant_id)
    )
