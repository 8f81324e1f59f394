"""What the audit log has besides the history of promotions, people and API keys, as facts."""

from sconto.domain.history import Change, Facts, Subject, Verb, differing

NO_ONE_THING = 0
"""The subject's id of entries that are about no one thing."""


def settings_changed(before: Facts, after: Facts) -> Change | None:
    """The entry of a merchant's changed settings, with what differs; None if nothing does."""
    old, new = differing(before, after)
    return Change(Subject.SETTINGS, NO_ONE_THING, Verb.CHANGED, old, new) if new else None
