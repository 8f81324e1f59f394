"""Sessions: opened by signing in, listed for their user, ended one by one or all but one."""

from datetime import datetime, timedelta
from typing import Final

from sconto.domain.audit import of_access, signed_in
from sconto.domain.history import Verb
from sconto.domain.people import Caller
from sconto.domain.problems import UserNotFound
from sconto.domain.sessions import SEEN_GRAIN, Origin, Session, Way
from sconto.operations.background import keep_running
from sconto.operations.tokens import LIFETIME, Claims, Purpose, Tokens, new_token_id
from sconto.operations.users import UserEdit, edit_user
from sconto.store import history, people
from sconto.store import sessions as store
from sconto.store.database import Connection, Database, retried
from sconto.store.people import UserState
from sconto.store.sessions import LastSeen, NewSession
from sconto.store.tokens import delete_ended_tokens, end_token, read_epoch

MAX_ENDED_SESSIONS: Final = 100
"""Ended sessions that are stored for a user; one more ends all of the user's."""

WRITE_PAUSE: Final = 60.0
"""Seconds between two writes of when sessions were last seen, at most."""

_WRITTEN_FOR: Final = SEEN_GRAIN - timedelta(seconds=WRITE_PAUSE)
"""How long a session is not written again, so that a time is never later than `SEEN_GRAIN`."""

_PAGE: Final = 1000
_MAX_SEEN: Final = 20_000


class SeenSessions:
    """When the sessions that this process served were last seen, stored at intervals.

    A session is written again only after some minutes, so most requests write nothing, and none
    waits for a write.
    """

    def __init__(self) -> None:
        self._written: dict[str, datetime] = {}
        self._seen: dict[str, LastSeen] = {}

    def note(self, session: Claims, now: datetime) -> None:
        """Note that the session was used."""
        last = self._written.get(session.token_id)
        if last is not None and now - last < _WRITTEN_FOR:
            return
        if len(self._written) >= _MAX_SEEN:
            self._written.clear()
        self._written[session.token_id] = now
        caller = session.caller
        self._seen[session.token_id] = LastSeen(
            caller.merchant_id, caller.user_id, session.token_id, now
        )

    async def write(self, database: Database) -> None:
        """Store the notes since the last call. Raises DatabaseUnavailable."""
        seen, self._seen = list(self._seen.values()), {}
        for first in range(0, len(seen), _PAGE):
            async with database.write() as connection:
                await store.note_seen(connection, seen[first : first + _PAGE])


async def keep_writing_sessions(seen: SeenSessions, database: Database) -> None:
    """Store at intervals when sessions were seen; ends when cancelled."""
    await keep_running(
        lambda: seen.write(database), "when sessions were seen is not stored", pause=WRITE_PAUSE
    )


async def open_session(
    connection: Connection,
    tokens: Tokens,
    state: UserState,
    epoch: int,
    way: Way,
    origin: Origin,
    now: datetime,
) -> str:
    """The token of a new session, stored in the transaction of what opens it."""
    token_id = new_token_id()
    token = tokens.issue(
        state.caller,
        now,
        state.changed_at,
        purpose=Purpose.SESSION,
        epoch=epoch,
        token_id=token_id,
        way=way,
    )
    new = NewSession(state.caller, token_id, state.changed_at, now, now + LIFETIME, origin, way)
    await store.insert_session(connection, new)
    return token


async def record_sign_in(
    connection: Connection, caller: Caller, way: Way | None, origin: Origin, now: datetime
) -> None:
    """Put a sign-in into the audit log; `way` None means by the APIs."""
    await history.record(connection, caller, signed_in(caller.user_id, way, origin), now)


@retried
async def list_sessions(database: Database, caller: Caller, now: datetime) -> list[Session]:
    """The caller's own sessions, those seen last first."""
    async with database.read(caller.merchant_id) as connection:
        return await store.list_sessions(connection, caller, now)


async def end_session(database: Database, tokens: Tokens, token: str, now: datetime) -> None:
    """End the session of the token: in this process immediately, elsewhere within 10 seconds.

    Raises TokenInvalid, TokenExpired.
    """
    session = tokens.claims(token, now, Purpose.SESSION)
    async with database.write() as connection:
        state = await _end(connection, session.caller, session.token_id, session.expiry, now)
    _note_end(tokens, session.token_id, state)


async def end_session_of(
    database: Database, tokens: Tokens, caller: Caller, token_id: str, now: datetime
) -> bool:
    """End a session of the caller by its id; False if they have no such session."""
    async with database.write(caller.merchant_id) as connection:
        expires_at = await store.find_session_end(connection, caller, token_id)
        if expires_at is None:
            return False
        state = await _end(connection, caller, token_id, expires_at, now)
        change = of_access(caller.user_id, Verb.SESSION_ENDED)
        await history.record(connection, caller, change, now)
    _note_end(tokens, token_id, state)
    return True


async def edit_and_stay(
    database: Database,
    tokens: Tokens,
    session: Claims,
    edit: UserEdit,
    origin: Origin,
    now: datetime,
) -> str:
    """Edit the session's own user, and return a new session: the edit ends all others.

    Raises UserNotFound.
    """
    caller = session.caller
    async with database.write(caller.merchant_id) as connection:
        token, state = await start_again(connection, tokens, caller, edit, session.way, origin, now)
    tokens.note_change(state)
    return token


async def start_again(
    connection: Connection,
    tokens: Tokens,
    caller: Caller,
    edit: UserEdit,
    way: Way,
    origin: Origin,
    now: datetime,
) -> tuple[str, UserState]:
    """Edit a user, which ends all their sessions and tokens, and open a new session for them.

    Raises UserNotFound.
    """
    state = await edit_user(connection, caller.user_id, edit, caller)
    # A disabled user's session ends within seconds, and must not become a new one.
    if state is None or state.disabled:
        raise UserNotFound(str(caller.user_id))
    epoch = await read_epoch(connection)
    return await open_session(connection, tokens, state, epoch, way, origin, now), state


async def _end(
    connection: Connection, caller: Caller, token_id: str, expires_at: datetime, now: datetime
) -> UserState | None:
    """End a session; returns the state of its user if that ended all of theirs."""
    await store.delete_session(connection, caller, token_id)
    kept = await end_token(connection, caller, token_id, expires_at, now)
    if kept <= MAX_ENDED_SESSIONS:
        return None
    changed = await people.change_user(connection, caller.user_id)
    await delete_ended_tokens(connection, caller)
    return None if changed is None else changed.after


def _note_end(tokens: Tokens, token_id: str, state: UserState | None) -> None:
    tokens.note_end(token_id)
    if state is not None:
        tokens.note_change(state)
