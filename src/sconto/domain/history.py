"""History: who changed what and when, as facts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final, Self

import msgspec

from sconto.domain.api_keys import ApiKey, NewKey
from sconto.domain.cart_promotion import CartPromotion, CartTerms
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, Coverage, ListedProducts, OwnPercents
from sconto.domain.money import format_percent
from sconto.domain.password_links import LinkPurpose
from sconto.domain.people import Role
from sconto.domain.promotion import NewPromotion, PromotionSummary

Facts = Mapping[str, object]
"""JSON values by name."""

RECORDED_ELEMENTS: Final = 100
"""How many elements of a list are recorded. The rest are counted."""

ALL_PRODUCTS: Final = "all"


class Subject(StrEnum):
    """The kind of thing that an entry is about."""

    PROMOTION = "promotion"
    SUBSCRIPTION_PROMOTION = "subscription promotion"
    USER = "user"
    API_KEY = "API key"
    WEBHOOK = "webhook"
    SETTINGS = "settings"
    SIGN_IN = "sign-in"
    EXPORT = "export"
    RETENTION = "retention"


class Verb(StrEnum):
    """What was done to the subject."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    RESTORED = "restored"
    CODES_ADDED = "codes added"
    CODES_REMOVED = "codes removed"
    GENERATION_STARTED = "code generation started"
    CODES_GENERATED = "codes generated"
    PASSWORD_SET = "password set"  # noqa: S105  # a verb
    SIGNED_OUT = "signed out everywhere"
    REVOKED = "revoked"
    LINK_MADE = "password link made"
    EMAIL_SET = "e-mail set"
    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SESSION_ENDED = "session ended"
    TWO_FACTOR_ON = "two-factor switched on"
    TWO_FACTOR_OFF = "two-factor switched off"
    TWO_FACTOR_RESET = "two-factor reset"
    CODE_REFUSED = "two-factor code refused"
    RECOVERY_CODES_RENEWED = "recovery codes renewed"
    SECRET_RENEWED = "secret renewed"  # noqa: S105  # a verb
    REPLAYED = "events sent again"
    RECORDING_SET = "recording of events set"
    EXPORTED = "exported"
    PURGED = "purged"
    CUSTOMER_ERASED = "customer erased"
    CUSTOMER_EXPORTED = "customer exported"


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `before` and `after` have what differs, None if there was nothing."""

    subject: Subject
    subject_id: int
    verb: Verb
    before: Facts | None = None
    after: Facts | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded change. `username` is None for changes made at the command line."""

    id: int
    recorded_at: datetime
    username: str | None
    change: Change


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some entries, latest first, and whether there are older ones."""

    entries: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """The number of elements, and the first of them."""

    count: int = 0
    first: tuple[object, ...] = ()

    @classmethod
    def of(cls, elements: Collection[object]) -> Self:
        """Count the elements and keep the first ones."""
        return cls(len(elements), tuple(islice(elements, RECORDED_ELEMENTS)))

    def facts(self, name: str) -> dict[str, object]:
        """The sample as facts; empty if there are no elements."""
        return {name: list(self.first), f"{name}_count": self.count} if self.count else {}


@dataclass(frozen=True, slots=True)
class ListChange:
    """How a list was changed; `replaced` are changed elements that kept their place.

    The lengths are None if they were not counted, because counting costs more than the change.
    """

    count_before: int | None = None
    count_after: int | None = None
    removed: Sample = Sample()
    added: Sample = Sample()
    replaced_before: Sample = Sample()
    replaced_after: Sample = Sample()

    @property
    def is_none(self) -> bool:
        """Whether nothing changed."""
        return not (self.removed.count or self.added.count or self.replaced_after.count)

    def before(self) -> Facts:
        """The old length, and what is no longer in the list."""
        replaced = self.replaced_before.facts("replaced")
        return {**_count(self.count_before), **self.removed.facts("removed"), **replaced}

    def after(self) -> Facts:
        """The new length, and what is new in the list."""
        replaced = self.replaced_after.facts("replaced")
        return {**_count(self.count_after), **self.added.facts("added"), **replaced}


def _count(length: int | None) -> dict[str, object]:
    return {} if length is None else {"count": length}


@dataclass(frozen=True, slots=True)
class TermsChange:
    """A change of a promotion's terms."""

    coverage_before: Coverage
    coverage_after: Coverage
    code_type_before: CodeType | None
    code_type_after: CodeType | None
    codes: ListChange


def promotion_created(promotion_id: int, new: NewPromotion) -> Change:
    """The entry of a new promotion, with all its facts."""
    terms = new.terms
    codes = ListChange(0, len(terms.codes), added=Sample.of(terms.codes))
    facts = {
        **_scalars(new),
        **_terms(terms.coverage, terms.code_type),
        **_lists_after(change_of_products(None, terms.coverage), codes),
    }
    return Change(Subject.PROMOTION, promotion_id, Verb.CREATED, None, facts)


def promotion_changed(
    before: PromotionSummary, after: PromotionSummary, terms: TermsChange | None
) -> Change | None:
    """The entry of a changed promotion, with what differs; None if nothing does."""
    facts_before, facts_after = _scalars(before), _scalars(after)
    if terms is not None:
        facts_before |= _terms(terms.coverage_before, terms.code_type_before)
        facts_after |= _terms(terms.coverage_after, terms.code_type_after)
    old, new = differing(facts_before, facts_after)
    if terms is not None:
        products = change_of_products(terms.coverage_before, terms.coverage_after)
        old |= _lists_before(products, terms.codes)
        new |= _lists_after(products, terms.codes)
    if not new:
        return None
    return Change(Subject.PROMOTION, before.id, Verb.CHANGED, old, new)


def promotion_deleted(
    summary: PromotionSummary, coverage: Coverage, code_type: CodeType | None, codes: ListChange
) -> Change:
    """The entry of a deleted promotion, with all its facts."""
    facts = {
        **_scalars(summary),
        **_terms(coverage, code_type),
        **_lists_before(change_of_products(coverage, None), codes),
    }
    return Change(Subject.PROMOTION, summary.id, Verb.DELETED, facts, None)


def promotion_restored(summary: PromotionSummary) -> Change:
    """The entry of a restored promotion."""
    return Change(Subject.PROMOTION, summary.id, Verb.RESTORED)


def codes_changed(promotion_id: int, verb: Verb, codes: ListChange) -> Change:
    """The entry of codes that were added, removed or generated, without other changes."""
    before, after = (
        {"codes": facts} if facts else None for facts in (codes.before(), codes.after())
    )
    return Change(Subject.PROMOTION, promotion_id, verb, before, after)


def user_created(user_id: int, username: str, role: Role) -> Change:
    """The entry of a new user."""
    facts = {"name": username, "role": role.value, "disabled": False}
    return Change(Subject.USER, user_id, Verb.CREATED, None, facts)


def user_changed(user_id: int, before: Facts, after: Facts) -> Change | None:
    """The entry of a user whose role or state was set; None if nothing changed."""
    old, new = differing(before, after)
    return Change(Subject.USER, user_id, Verb.CHANGED, old, new) if new else None


def password_set(user_id: int) -> Change:
    """The entry of a user with a new password; the password is not recorded."""
    return Change(Subject.USER, user_id, Verb.PASSWORD_SET)


def signed_out(user_id: int) -> Change:
    """The entry of a user whose sessions and tokens were all ended."""
    return Change(Subject.USER, user_id, Verb.SIGNED_OUT)


def link_made(user_id: int, purpose: LinkPurpose, expires_at: datetime) -> Change:
    """The entry of a link with which a user can set a password; its token is not recorded."""
    facts = {"purpose": purpose.value, "expires_at": expires_at.isoformat()}
    return Change(Subject.USER, user_id, Verb.LINK_MADE, None, facts)


def email_set(user_id: int) -> Change:
    """The entry of a user whose e-mail address was set or removed.

    The address is not recorded: it belongs to a person, and history is never deleted by us.
    """
    return Change(Subject.USER, user_id, Verb.EMAIL_SET)


def key_created(key_id: int, new: NewKey, prefix: str) -> Change:
    """The entry of a new API key; the key is not recorded."""
    expires_at = None if new.expires_at is None else new.expires_at.isoformat()
    facts = {"name": new.name, "role": new.role.value, "prefix": prefix, "expires_at": expires_at}
    return Change(Subject.API_KEY, key_id, Verb.CREATED, None, facts)


def key_revoked(key: ApiKey) -> Change:
    """The entry of a revoked API key."""
    facts = {"name": key.name, "role": key.role.value, "prefix": key.prefix}
    return Change(Subject.API_KEY, key.id, Verb.REVOKED, facts, None)


def differing(before: Facts, after: Facts) -> tuple[dict[str, object], dict[str, object]]:
    """The facts that differ; both mappings must have the same names."""
    names = [name for name in after if after[name] != before[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def change_of_products(before: Coverage | None, after: Coverage | None) -> ListChange:
    """The change of the list of products that a promotion names."""
    old, new = _named(before), _named(after)
    both = [product_id for product_id in new if product_id in old]
    replaced = [product_id for product_id in both if old[product_id] != new[product_id]]
    return ListChange(
        len(old),
        len(new),
        removed=_sample(old, (one for one in old if one not in new)),
        added=_sample(new, (one for one in new if one not in old)),
        replaced_before=_sample(old, replaced),
        replaced_after=_sample(new, replaced),
    )


def _named(coverage: Coverage | None) -> dict[int, object]:
    """What is recorded of each product: its id, and its own percent if it has one."""
    match coverage:
        case None | AllProducts():
            return {}
        case ListedProducts(product_ids=product_ids):
            return {product_id: product_id for product_id in product_ids}
        case OwnPercents(percents=percents):
            return {
                product_id: {"product_id": product_id, "percent": format_percent(percent)}
                for product_id, percent in percents.items()
            }


def _sample(elements: Mapping[int, object], product_ids: Iterable[int]) -> Sample:
    return Sample.of([elements[product_id] for product_id in product_ids])


def _scalars(promotion: NewPromotion | PromotionSummary) -> dict[str, object]:
    period = promotion.period
    return {
        "type": promotion.type.value,
        "name": promotion.name,
        "active": promotion.active,
        "starts_at": period.starts_at.isoformat(),
        "ends_at": None if period.ends_at is None else period.ends_at.isoformat(),
    }


def _terms(coverage: Coverage, code_type: CodeType | None) -> dict[str, object]:
    """The terms as facts; `percent` is None if each product has its own."""
    everywhere = isinstance(coverage, AllProducts)
    return {
        "code_type": None if code_type is None else code_type.value,
        "percent": None if isinstance(coverage, OwnPercents) else format_percent(coverage.percent),
        "covers": ALL_PRODUCTS if everywhere else "listed",
    }


def _lists_before(products: ListChange, codes: ListChange) -> dict[str, object]:
    lists = {"products": products, "codes": codes}
    return {name: change.before() for name, change in lists.items() if not change.is_none}


def _lists_after(products: ListChange, codes: ListChange) -> dict[str, object]:
    lists = {"products": products, "codes": codes}
    return {name: change.after() for name, change in lists.items() if not change.is_none}


def cart_promotion_created(promotion: CartPromotion, codes: Collection[str]) -> Change:
    """The entry of a new cart promotion, with all its facts."""
    added = ListChange(0, len(codes), added=Sample.of(codes))
    facts = {**_cart_facts(promotion), **_lists_after(ListChange(), added)}
    return Change(Subject.PROMOTION, promotion.id, Verb.CREATED, None, facts)


def cart_promotion_changed(
    before: CartPromotion, after: CartPromotion, codes: ListChange
) -> Change | None:
    """The entry of a changed cart promotion, with what differs; None if nothing does."""
    old, new = differing(_cart_facts(before), _cart_facts(after))
    old |= _lists_before(ListChange(), codes)
    new |= _lists_after(ListChange(), codes)
    return Change(Subject.PROMOTION, before.id, Verb.CHANGED, old, new) if new else None


def cart_promotion_deleted(promotion: CartPromotion) -> Change:
    """The entry of a deleted cart promotion, with all its facts but its codes."""
    return Change(Subject.PROMOTION, promotion.id, Verb.DELETED, _cart_facts(promotion), None)


def cart_promotion_restored(promotion: CartPromotion) -> Change:
    """The entry of a restored cart promotion, with all its facts but its codes."""
    return Change(Subject.PROMOTION, promotion.id, Verb.RESTORED, None, _cart_facts(promotion))


def _cart_facts(promotion: CartPromotion) -> Facts:
    terms = _without_empty(msgspec.to_builtins(promotion.terms))
    every_term = dict.fromkeys(CartTerms.__struct_fields__) | terms
    return {
        "name": promotion.name,
        "active": promotion.active,
        "starts_at": promotion.period.starts_at.isoformat(),
        "ends_at": None
        if promotion.period.ends_at is None
        else promotion.period.ends_at.isoformat(),
        "code_type": promotion.code_type,
        **every_term,
    }


def _without_empty(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that say something, in objects at any depth."""
    shown = {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in fields.items()
    }
    return {name: value for name, value in shown.items() if value not in ([], {})}
