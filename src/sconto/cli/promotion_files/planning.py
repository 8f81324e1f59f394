"""What a file of promotions would change: entries are matched with stored promotions, and compared.

An entry with an `id` is about that promotion, which must exist. Without one it is about the
promotion with the same name, or for subscriptions the same code; if there is none, it is new.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sconto.api.strict_json import encode_json
from sconto.cli.promotion_files.kinds import (
    EntryRefused,
    Fields,
    Kind,
    StoredEntry,
    read_change_time,
)
from sconto.domain.numbers import MAX_INT64
from sconto.operations.promotion_edits import Check, Edit, EditDecision
from sconto.operations.stored_promotions import StoredPromotions

FORMAT: Final = 1
_FORMAT: Final = "format"
_SECOND: Final = timedelta(seconds=1)
"""Some formats write the time of a change in whole seconds."""


class PromotionFileRefused(Exception):
    """The file is not valid; each fault is a sentence."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(*faults)
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An entry of a file."""

    kind: Kind
    label: str
    id: int | None
    changed_at: object
    fields: Fields


@dataclass(frozen=True, slots=True)
class Planned:
    """An edit, with the promotion's fields before and after it; None for none.

    `asked` is what the file says, without defaults that depend on the time.
    """

    label: str
    before: Fields | None
    after: Fields | None
    edit: Edit
    asked: Fields | None = None


@dataclass(slots=True)
class Plan:
    """All edits, how many entries change nothing, and what is stored but not in the file."""

    planned: list[Planned] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    unchanged: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def decision(self) -> EditDecision:
        """The decision: what to do."""
        return EditDecision(tuple(one.edit for one in self.planned), tuple(self.checks))

    @property
    def fingerprint(self) -> str:
        """Eight letters that differ between plans."""
        text = encode_json([[one.label, one.before, one.asked] for one in self.planned])
        return hashlib.sha256(text).hexdigest()[:8]


def read_entries(document: Any, kinds: Sequence[Kind]) -> list[FileEntry]:
    """The entries of a file. Raises PromotionFileRefused."""
    if not isinstance(document, dict):
        raise PromotionFileRefused(["must be an object with lists of promotions"])
    faults = []
    if document.get(_FORMAT) != FORMAT:
        faults.append(f"{_FORMAT} must be {FORMAT}")
    sections = [kind.section for kind in kinds]
    faults += [f"{name} is unknown" for name in document if name not in (_FORMAT, *sections)]
    entries = []
    for kind in kinds:
        listed = document.get(kind.section) or []
        if not isinstance(listed, list):
            faults.append(f"{kind.section} must be a list")
            continue
        for position, fields in enumerate(listed):
            place = f"{kind.section}[{position}]"
            if not isinstance(fields, dict):
                faults.append(f"{place} must be an object")
            elif (fault := _find_fault_of_id(fields)) is not None:
                faults.append(f"{place} {fault}")
            else:
                entries.append(_read_entry(kind, place, fields))
    if faults:
        raise PromotionFileRefused(faults)
    return entries


def make_plan(
    entries: Sequence[FileEntry],
    kinds: Sequence[Kind],
    promotions: StoredPromotions,
    *,
    prune: bool,
) -> Plan:
    """The plan; with `prune` it deletes what the file lacks. Raises PromotionFileRefused."""
    plan, faults = Plan(), []
    for kind in kinds:
        stored = kind.stored(promotions)
        matcher = _Matcher(stored)
        for entry in entries:
            if entry.kind is not kind:
                continue
            try:
                _plan_entry(plan, entry, matcher.match(entry))
            except EntryRefused as refused:
                faults += [f"{entry.label}: {fault}" for fault in refused.faults]
        for one in stored:
            if one.id in matcher.matched:
                continue
            label = _label_of(kind, one)
            if prune:
                plan.planned.append(Planned(label, one.fields, None, kind.deletion(one)))
            else:
                plan.left.append(label)
    if faults:
        raise PromotionFileRefused(faults)
    return plan


class _Matcher:
    """Finds the promotions that the entries of a kind are about, each of them once."""

    def __init__(self, stored: Sequence[StoredEntry]) -> None:
        self._stored = stored
        self._new_keys: set[str] = set()
        self.matched: set[int] = set()

    def match(self, entry: FileEntry) -> StoredEntry | None:
        """The promotion of an entry; None for a new one. Raises EntryRefused."""
        current = _match(entry, self._stored)
        if current is not None:
            if current.id in self.matched:
                raise EntryRefused(["is about a promotion that another entry is about too"])
            self.matched.add(current.id)
            return current
        field = entry.kind.field_of_key
        key = entry.fields.get(field)
        if isinstance(key, str):
            if key in self._new_keys:
                raise EntryRefused([f"has the {field} of an earlier entry"])
            self._new_keys.add(key)
        return None


def _find_fault_of_id(fields: Mapping[str, Any]) -> str | None:
    if "id" not in fields:
        return None
    number = fields["id"]
    is_id = type(number) is int and 1 <= number <= MAX_INT64
    return None if is_id else "has an id that is not a number from 1"


def _read_entry(kind: Kind, place: str, fields: Fields) -> FileEntry:
    rest = {
        name: value for name, value in fields.items() if name not in ("id", kind.field_of_change)
    }
    name = fields.get(kind.field_of_name)
    label = f"{place} {name!r}" if isinstance(name, str) else place
    return FileEntry(kind, label, fields.get("id"), fields.get(kind.field_of_change), rest)


def _match(entry: FileEntry, stored: Sequence[StoredEntry]) -> StoredEntry | None:
    """The promotion that the entry is about; None for a new one. Raises EntryRefused."""
    noun = entry.kind.noun
    if entry.id is not None:
        found = next((one for one in stored if one.id == entry.id), None)
        if found is None:
            raise EntryRefused([f"there is no {noun} {entry.id}: leave out the id to create it"])
        return found
    key = entry.fields.get(entry.kind.field_of_key)
    same = [one for one in stored if key is not None and one.fields[entry.kind.field_of_key] == key]
    if len(same) > 1:
        ids = ", ".join(str(one.id) for one in same)
        raise EntryRefused([f"several {noun}s have this name: name one with its id ({ids})"])
    return same[0] if same else None


def _plan_entry(plan: Plan, entry: FileEntry, current: StoredEntry | None) -> None:
    kind = entry.kind
    read = kind.read(entry.fields, current)
    if current is None:
        name = read.fields[kind.field_of_name]
        edit = kind.edit(read, None)
        label = f"{kind.noun} {name!r}"
        plan.planned.append(Planned(label, None, read.fields, edit, entry.fields))
        return
    if _without_order(kind, read.fields) == _without_order(kind, current.fields):
        plan.unchanged += 1
        return
    edit, label = kind.edit(read, current), _label_of(kind, current)
    since = read_change_time(entry.changed_at)
    if since is not None and entry.changed_at != current.changed_at:
        plan.checks.append(Check(len(plan.planned), kind.subject, current.id, since + _SECOND))
    plan.planned.append(Planned(label, current.fields, read.fields, edit, entry.fields))


def _without_order(kind: Kind, fields: Fields) -> Fields:
    """The fields with the codes as a set: their order does not matter."""
    if kind.path_of_codes is None:
        return fields
    outer, inner = kind.path_of_codes
    holder = fields.get(outer)
    if not isinstance(holder, dict) or inner not in holder:
        return fields
    return {**fields, outer: {**holder, inner: sorted(holder[inner])}}


def _label_of(kind: Kind, stored: StoredEntry) -> str:
    return f"{kind.noun} {stored.id} {stored.name!r}"


def write_document(
    kinds: Sequence[Kind], promotions: StoredPromotions, *, with_ids: bool
) -> dict[str, Any]:
    """The document of a file."""
    document: dict[str, Any] = {_FORMAT: FORMAT}
    for kind in kinds:
        document[kind.section] = [
            dict(_write_entry(kind, one, with_ids=with_ids)) for one in kind.stored(promotions)
        ]
    return document


def _write_entry(kind: Kind, stored: StoredEntry, *, with_ids: bool) -> Iterator[tuple[str, Any]]:
    if with_ids:
        yield "id", stored.id
    yield from stored.fields.items()
    if with_ids:
        yield kind.field_of_change, stored.changed_at
