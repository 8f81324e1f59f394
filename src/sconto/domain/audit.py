"""What the audit log has besides the history of promotions, people and API keys, as facts."""

from sconto.domain.history import Change, Facts, Subject, Verb, differing
from sconto.domain.sessions import Origin, Way

NO_ONE_THING = 0
"""The subject's id of entries that are about no one thing."""


def settings_changed(before: Facts, after: Facts) -> Change | None:
    """The entry of a merchant's changed settings, with what differs; None if nothing does."""
    old, new = differing(before, after)
    return Change(Subject.SETTINGS, NO_ONE_THING, Verb.CHANGED, old, new) if new else None


def signed_in(user_id: int, way: Way | None, origin: Origin) -> Change:
    """The entry of a sign-in; without a way it was to the APIs."""
    facts = {"way": "API" if way is None else way.value, **_where(origin)}
    return Change(Subject.SIGN_IN, user_id, Verb.SIGNED_IN, None, facts)


def failure_facts(origin: Origin, *, is_api: bool) -> Facts:
    """What is recorded of a sign-in with a wrong password; never what was typed."""
    return {"way": "API" if is_api else Way.PASSWORD.value, **_where(origin)}


def code_refused(user_id: int, origin: Origin) -> Change:
    """The entry of a wrong code of two-factor sign-in; the code is not recorded."""
    return Change(Subject.SIGN_IN, user_id, Verb.CODE_REFUSED, None, _where(origin))


def of_access(user_id: int, verb: Verb, facts: Facts | None = None) -> Change:
    """The entry of a change of how somebody signs in: two-factor, recovery codes, sessions."""
    return Change(Subject.SIGN_IN, user_id, verb, None, facts)


def _where(origin: Origin) -> dict[str, object]:
    facts = {"address": origin.address, "browser": origin.browser, "system": origin.system}
    return {name: fact for name, fact in facts.items() if fact}
