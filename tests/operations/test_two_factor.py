"""Two-factor sign-in: set up, used once each, throttled, switched off and reset."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from sconto.domain.history import Verb
from sconto.domain.merchant_settings import MerchantSettings
from sconto.domain.people import Caller
from sconto.domain.people_problems import (
    SetupTooOld,
    SignInTooOld,
    TwoFactorIsOff,
    TwoFactorIsOn,
    TwoFactorRequired,
    WrongCode,
)
from sconto.domain.problems import (
    BadCredentials,
    OwnAccess,
    TokenInvalid,
    TooManyAttempts,
    UserNotFound,
)
from sconto.domain.sessions import Origin, Way
from sconto.domain.two_factor import FAILURES_OF_CODES
from sconto.operations import people, two_factor
from sconto.operations.keyring import Keyring, SecretUnreadable
from sconto.operations.portal_sign_in import CodeNeeded, OpenedSession, enter_code, sign_in
from sconto.operations.settings import change_settings
from sconto.operations.sign_in import SignIn
from sconto.operations.tokens import Claims, Purpose, Tokens
from sconto.operations.two_factor import Proof
from sconto.store import second_factors
from sconto.store.database import Database
from tests.conftest import create_caller
from tests.operations.cheap_passwords import GUARD
from tests.operations.codes_by_time import code_at
from tests.operations.test_people import PASSWORD, a_user

KEY = b"a key that is as long as the longest hash it is ever used with: 64 bytes"
NOW = datetime(2026, 11, 28, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)
HERE = Origin("192.0.2.7", "Firefox/140.0")


@dataclass
class Person:
    """Somebody with two-factor sign-in, as of NOW, and what they know."""

    database: Database
    name: str
    session: Claims
    secret: str
    codes: list[str]
    tokens: Tokens

    @property
    def caller(self) -> Caller:
        return self.session.caller

    def code(self, now: datetime, steps: int = 0) -> str:
        return code_at(self.secret, now, steps)

    async def give_password(self, now: datetime, address: str = HERE.address) -> str:
        """The first step: the proof for the second."""
        asked = SignIn(self.name, PASSWORD, address, asks_for_code=True)
        found = await sign_in(self.database, self.tokens, asked, now, GUARD)
        assert isinstance(found, CodeNeeded)
        return found.half

    async def enter(self, code: str, now: datetime) -> OpenedSession:
        half = await self.give_password(now)
        return await enter_code(self.database, self.tokens, half, code, HERE, now)


async def session_of(database: Database, tokens: Tokens, name: str, now: datetime = NOW) -> Claims:
    asked = SignIn(name, PASSWORD, HERE.address, asks_for_code=True)
    found = await sign_in(database, tokens, asked, now, GUARD)
    assert isinstance(found, OpenedSession)
    return tokens.claims(found.token, now, Purpose.SESSION)


@pytest.fixture
async def person(database: Database, merchant: Caller) -> Person:
    tokens = Tokens(KEY)
    name = await a_user(database, merchant)
    session = await session_of(database, tokens, name)
    setup = await two_factor.start_setup(database, tokens, session, PASSWORD, NOW, GUARD)
    codes, token = await two_factor.confirm_setup(
        database, tokens, session, setup.sealed, code_at(setup.secret, NOW), HERE, NOW
    )
    session = tokens.claims(token, NOW, Purpose.SESSION)
    return Person(database, name, session, setup.secret, codes, tokens)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924")],
)
async def test_codes_are_those_of_rfc_6238(
    database: Database, merchant: Caller, seconds: int, code: str
) -> None:
    """Appendix B, with the secret of its SHA-1 examples."""
    keyring, now = Keyring([KEY]), datetime.fromtimestamp(seconds, UTC)
    row = two_factor._sealed(
        keyring, merchant.merchant_id, merchant.user_id, b"12345678901234567890"
    )
    async with database.write() as connection:
        assert await second_factors.insert_factor(connection, row, now, 0)
        assert await two_factor.take_code(connection, keyring, merchant, code, now)
        assert not await two_factor.take_code(connection, keyring, merchant, code, now)


async def test_setting_up_ends_other_sessions_and_keeps_this_browser_in(
    database: Database, merchant: Caller
) -> None:
    tokens, name = Tokens(KEY), await a_user(database, merchant)
    session, other = [await session_of(database, tokens, name) for _ in range(2)]
    setup = await two_factor.start_setup(database, tokens, session, PASSWORD, NOW, GUARD)
    assert f"secret={setup.secret}&issuer=Sconto" in setup.uri
    with pytest.raises(WrongCode):
        await two_factor.confirm_setup(database, tokens, session, setup.sealed, "0", HERE, NOW)
    code = code_at(setup.secret, NOW)
    with pytest.raises(SetupTooOld):
        await two_factor.confirm_setup(database, tokens, other, setup.sealed, code, HERE, NOW)
    late = NOW + timedelta(minutes=31)
    with pytest.raises(SetupTooOld):
        await two_factor.confirm_setup(database, tokens, session, setup.sealed, code, HERE, late)
    with pytest.raises(BadCredentials):
        await two_factor.start_setup(database, tokens, session, "wrong", NOW, GUARD)
    assert await two_factor.find_state(database, session.caller) is None
    codes, token = await two_factor.confirm_setup(
        database, tokens, session, setup.sealed, code, HERE, NOW
    )
    assert len(set(codes)) == 10
    assert tokens.claims(token, NOW, Purpose.SESSION).way is Way.TWO_FACTOR
    with pytest.raises(TwoFactorIsOn):
        await two_factor.confirm_setup(database, tokens, session, setup.sealed, code, HERE, NOW)
    state = await two_factor.find_state(database, session.caller)
    assert state is not None
    assert (state.since, state.unused_codes) == (NOW, 10)


async def test_a_code_works_once_also_the_one_of_the_setup(person: Person) -> None:
    with pytest.raises(WrongCode):
        await person.enter(person.code(NOW), NOW)
    later = NOW + STEP
    opened = await person.enter(person.code(later), later)
    claims = person.tokens.claims(opened.token, later, Purpose.SESSION)
    assert (claims.caller.user_id, claims.way) == (person.caller.user_id, Way.TWO_FACTOR)
    with pytest.raises(WrongCode):
        await person.enter(person.code(later), later)


async def test_a_phone_may_be_one_step_ahead_or_behind(person: Person) -> None:
    later = NOW + 10 * STEP
    for steps in (-2, 2):
        with pytest.raises(WrongCode):
            await person.enter(person.code(later, steps), later)
    await person.enter(person.code(later, -1), later)
    await person.enter(person.code(later, 1), later)
    # An earlier code than the last one no longer works.
    with pytest.raises(WrongCode):
        await person.enter(person.code(later), later)


async def test_of_many_concurrent_uses_of_a_code_one_gets_in(person: Person) -> None:
    later = NOW + STEP
    code, other = person.code(later), person.codes[0]
    halves = [await person.give_password(later) for _ in range(16)]

    async def attempt(half: str, text: str) -> str:
        try:
            await enter_code(person.database, Tokens(KEY), half, text, HERE, later)
        except (WrongCode, TooManyAttempts) as problem:
            return type(problem).__name__
        return "in"

    outcomes = await asyncio.gather(
        *(attempt(half, code) for half in halves[:8]),
        *(attempt(half, other) for half in halves[8:]),
    )
    assert Counter(outcomes[:8])["in"] == 1
    assert Counter(outcomes[8:])["in"] == 1


async def test_wrong_codes_are_limited_for_a_person_from_all_addresses(person: Person) -> None:
    later = NOW + STEP
    half = await person.give_password(later, "192.0.2.99")

    async def attempt(number: int, code: str) -> str:
        origin = Origin(f"198.51.100.{number}")
        try:
            await enter_code(person.database, person.tokens, half, code, origin, later)
        except (WrongCode, TooManyAttempts) as problem:
            return type(problem).__name__
        return "in"

    outcomes = Counter(await asyncio.gather(*(attempt(one, "ABC") for one in range(15))))
    assert outcomes == {"WrongCode": FAILURES_OF_CODES, "TooManyAttempts": 5}
    assert await attempt(1, person.code(later)) == "TooManyAttempts"
    # An address from which the person signed in before is not affected by others.
    await person.enter(person.code(later), later)


async def test_a_recovery_code_works_once_and_the_others_stay(person: Person) -> None:
    await person.enter(person.codes[3].lower(), NOW)
    with pytest.raises(WrongCode):
        await person.enter(person.codes[3], NOW)
    await person.enter(person.codes[4], NOW)
    state = await two_factor.find_state(person.database, person.caller)
    assert state is not None
    assert state.unused_codes == 8


async def test_the_password_alone_opens_no_api(person: Person) -> None:
    with pytest.raises(BadCredentials):
        await people.sign_in(
            person.database, person.tokens, person.name, PASSWORD, "192.0.2.8", NOW, guard=GUARD
        )


async def test_a_half_done_sign_in_ends_with_the_sessions_and_after_ten_minutes(
    person: Person,
) -> None:
    half = await person.give_password(NOW)
    late = NOW + timedelta(minutes=11)
    with pytest.raises(SignInTooOld):
        await enter_code(person.database, person.tokens, half, person.code(late), HERE, late)
    await people.sign_out_everywhere(person.database, person.name)
    for code in ("123456", person.codes[0]):
        with pytest.raises(SignInTooOld):
            await enter_code(person.database, person.tokens, half, code, HERE, NOW)
    # Nothing was used up.
    await person.enter(person.codes[0], NOW)


async def test_switching_off_asks_for_password_and_code(person: Person) -> None:
    database, tokens, later = person.database, person.tokens, NOW + STEP
    code = person.code(later)

    async def switch_off(password: str, typed: str) -> str:
        proof = Proof(password, typed)
        return await two_factor.switch_off(
            database, tokens, person.session, proof, HERE, later, GUARD
        )

    with pytest.raises(BadCredentials):
        await switch_off("wrong", code)
    with pytest.raises(WrongCode):
        await switch_off(PASSWORD, "000 000 0")
    await change_settings(database, person.caller, MerchantSettings(requires_two_factor=True))
    with pytest.raises(TwoFactorRequired):
        await switch_off(PASSWORD, code)
    await change_settings(database, person.caller, MerchantSettings())
    token = await switch_off(PASSWORD, code)
    assert tokens.claims(token, later, Purpose.SESSION).way is Way.PASSWORD
    assert await two_factor.find_state(database, person.caller) is None
    await session_of(database, tokens, person.name, later)
    with pytest.raises(TwoFactorIsOff):
        await switch_off(PASSWORD, code)


async def test_new_recovery_codes_replace_the_old_ones(person: Person) -> None:
    later = NOW + STEP
    proof = Proof(PASSWORD, person.code(later))
    new = await two_factor.renew_recovery_codes(
        person.database, person.tokens, person.caller, proof, later, GUARD
    )
    assert set(new).isdisjoint(person.codes)
    with pytest.raises(WrongCode):
        await person.enter(person.codes[0], later)
    await person.enter(new[0], later)


async def test_an_admin_resets_the_second_factor_of_somebody_else(
    person: Person, merchant: Caller
) -> None:
    database, tokens = person.database, person.tokens
    with pytest.raises(OwnAccess):
        await two_factor.reset(database, tokens, person.caller, person.caller.user_id)
    await two_factor.reset(database, tokens, merchant, person.caller.user_id)
    with pytest.raises(TokenInvalid):
        tokens.claims(
            tokens.issue(person.caller, NOW, purpose=Purpose.SESSION), NOW, Purpose.SESSION
        )
    await session_of(database, tokens, person.name)
    with pytest.raises(TwoFactorIsOff):
        await two_factor.reset(database, tokens, merchant, person.caller.user_id)
    async with database.read() as connection:
        verbs = await connection.fetch(
            "SELECT verb FROM history WHERE merchant_id = $1 AND subject = 'sign-in'"
            " AND user_id = $2",
            merchant.merchant_id,
            merchant.user_id,
        )
    assert [row["verb"] for row in verbs] == [Verb.TWO_FACTOR_RESET]


async def test_an_admin_of_another_merchant_resets_nothing(person: Person) -> None:
    other_merchant = await create_caller(person.database)
    with pytest.raises(UserNotFound):
        await two_factor.reset(person.database, None, other_merchant, person.caller.user_id)
    assert await two_factor.find_state(person.database, person.caller) is not None


async def test_secrets_are_reencrypted_before_an_old_key_is_removed(
    create_database: Callable[[], str],
) -> None:
    database = await Database.open(create_database())
    try:
        merchant = await create_caller(database)
        old, new = b"the old key" * 4, b"the new key" * 4
        row = two_factor._sealed(Keyring([old]), merchant.merchant_id, merchant.user_id, b"x" * 20)
        async with database.write() as connection:
            await second_factors.insert_factor(connection, row, NOW, 0)
        assert await two_factor.rewrap_secrets(database, Keyring([new])) == 0
        assert await two_factor.rewrap_secrets(database, Keyring([new, old])) == 1
        assert await two_factor.rewrap_secrets(database, Keyring([new, old])) == 0
        async with database.write() as connection:
            found = await second_factors.find_factor(
                connection, merchant.merchant_id, merchant.user_id
            )
            assert found is not None
            assert b"x" * 20 not in found.secret
            owner = f"second factor {merchant.merchant_id}/{merchant.user_id}"
            assert Keyring([new]).open(found.key_id, found.secret, owner) == b"x" * 20
            for keyring, other in ((Keyring([old]), owner), (Keyring([new]), f"{owner}1")):
                with pytest.raises(SecretUnreadable):
                    keyring.open(found.key_id, found.secret, other)
            # Without the key no code works, but recovery codes still would.
            assert not await two_factor.take_code(
                connection, Keyring([old]), merchant, "1" * 6, NOW
            )
    finally:
        await database.close()
