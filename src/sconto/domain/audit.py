"""The facts of audit log entries that are not about promotions, people or API keys."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from sconto.domain.history import Change, Facts, Subject, Verb, differing
from sconto.domain.retention import Purged
from sconto.domain.sessions import Origin, Way
from sconto.domain.webhooks import Webhook

NO_ONE_THING: Final = 0
"""The subject's id of entries that are about no one thing."""


def settings_changed(before: Facts, after: Facts) -> Change | None:
    """The entry of a merchant's changed settings, with what differs; None if nothing does."""
    old, new = differing(before, after)
    return Change(Subject.SETTINGS, NO_ONE_THING, Verb.CHANGED, old, new) if new else None


def signed_in(user_id: int, way: Way | None, origin: Origin) -> Change:
    """The entry of a sign-in; `way` None means by the APIs."""
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


def webhook_created(webhook: Webhook) -> Change:
    """The entry of a new webhook; the secret is not recorded."""
    return Change(Subject.WEBHOOK, webhook.id, Verb.CREATED, None, _webhook_facts(webhook))


def webhook_changed(before: Webhook, after: Webhook) -> Change | None:
    """The entry of a changed webhook, with what differs; None if nothing does."""
    old, new = differing(_webhook_facts(before), _webhook_facts(after))
    return Change(Subject.WEBHOOK, after.id, Verb.CHANGED, old, new) if new else None


def webhook_deleted(webhook: Webhook) -> Change:
    """The entry of a deleted webhook."""
    return Change(Subject.WEBHOOK, webhook.id, Verb.DELETED, _webhook_facts(webhook), None)


def of_webhook(webhook_id: int, verb: Verb, facts: Facts | None = None) -> Change:
    """The entry of another action on a webhook."""
    return Change(Subject.WEBHOOK, webhook_id, verb, None, facts)


def recording_set(*, recording: bool) -> Change:
    """The entry of event recording that was switched on or off."""
    facts = {"recording": recording}
    return Change(Subject.SETTINGS, NO_ONE_THING, Verb.RECORDING_SET, None, facts)


def exported(kind: str, facts: Facts) -> Change:
    """The entry of rows that were read as a file. `facts` are the conditions that were set."""
    given = {name: fact for name, fact in facts.items() if fact is not None}
    return Change(Subject.EXPORT, NO_ONE_THING, Verb.EXPORTED, None, {"kind": kind, **given})


def purged(before: datetime, found: Purged) -> Change:
    """The entry of a purge, with the number of records found when it began."""
    facts = {"older_than": before.isoformat(), **asdict(found)}
    return Change(Subject.RETENTION, NO_ONE_THING, Verb.PURGED, facts, None)


def of_customer(verb: Verb, orders: int | None = None) -> Change:
    """The entry of a customer's request for a copy or erasure; it does not name the customer."""
    facts = None if orders is None else {"orders": orders}
    return Change(Subject.RETENTION, NO_ONE_THING, verb, None, facts)


def _webhook_facts(webhook: Webhook) -> Facts:
    """A webhook's settings. The query of its address is left out, because it may contain a key."""
    return {
        "url": webhook.url.partition("?")[0],
        "description": webhook.description,
        "types": list(webhook.types),
        "active": webhook.enabled,
    }


def _where(origin: Origin) -> dict[str, object]:
    facts = {"address": origin.address, "browser": origin.browser, "system": origin.system}
    return {name: fact for name, fact in facts.items() if fact}
