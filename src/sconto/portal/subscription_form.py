"""Creating and editing a subscription promotion: a form, and warnings before saving."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from starlette.responses import Response

from sconto.domain.history import Subject
from sconto.domain.people import Action
from sconto.domain.problems import MaxUsageTooLow, SubscriptionCodeTaken
from sconto.domain.subscription_promotion import (
    MAX_RULES,
    SubscriptionPromotion,
    SubscriptionTerms,
)
from sconto.domain.subscription_warnings import (
    SubscriptionWarning,
    find_subscription_warnings,
)
from sconto.operations import subscription_promotions
from sconto.operations.versions import ChangedMeanwhile
from sconto.portal.clashes import Clash, find_clash, sent_version, shallow, version_field
from sconto.portal.notices import saved_notice
from sconto.portal.pages import LONG_FORM_LIMIT, read, write
from sconto.portal.subscription import find_promotion
from sconto.portal.subscription_fields import (
    ReadSubscription,
    RuleFields,
    SubscriptionFields,
    fields_of,
    read_terms,
)
from sconto.portal.subscription_sentences import warning_words
from sconto.portal.visit import Visit


async def show_new(visit: Visit) -> Response:
    """An empty form."""
    return _form(visit, SubscriptionFields(), None)


async def create(visit: Visit) -> Response:
    """Create the promotion that the form describes."""
    return await _save(visit, None)


async def show_edit(visit: Visit) -> Response:
    """The form with the promotion's values."""
    promotion = await find_promotion(visit)
    fields = fields_of(promotion, visit.context.zone)
    return _form(visit, fields, promotion.id, version=promotion.updated_at)


async def edit(visit: Visit) -> Response:
    """Change the promotion to what the form describes."""
    return await _save(visit, await find_promotion(visit))


async def _save(visit: Visit, stored: SubscriptionPromotion | None) -> Response:
    """Save, unless there are faults or unconfirmed warnings, or a rule is added."""
    fields = _sent(visit)
    promotion_id = None if stored is None else stored.id
    if visit.field("step") == "add":
        return _form(visit, fields.with_another_rule(), promotion_id)
    reading = read_terms(fields, visit.language, None if stored is None else stored.terms)
    if reading.terms is None:
        return _form(visit, fields, promotion_id, reading)
    usage = 0 if stored is None else stored.usage
    warnings = find_subscription_warnings(reading.terms, usage, visit.now)
    if visit.field("step") == "check" or (warnings and visit.field("step") != "anyway"):
        return _form(visit, fields, promotion_id, warnings=warnings)
    _ = visit.gettext
    try:
        saved = await _write(visit, reading.terms, promotion_id)
    except SubscriptionCodeTaken:
        fault = {"code": _("Another promotion for subscriptions has this code.")}
        return _form(visit, fields, promotion_id, ReadSubscription(None, fault))
    except MaxUsageTooLow as problem:
        sentence = _("The code has already been applied %(number)s times.")
        named = {"number": visit.language.number(problem.usage)}
        return _form(
            visit, fields, promotion_id, ReadSubscription(None, {"max_usage": sentence % named})
        )
    except ChangedMeanwhile:
        saved = await find_promotion(visit)
        theirs = fields_of(saved, visit.context.zone)
        clash = await find_clash(
            visit, Subject.SUBSCRIPTION_PROMOTION, saved.id, shallow(fields), shallow(theirs)
        )
        if clash.differences:
            return _form(visit, fields, saved.id, clash=clash, version=saved.updated_at)
    notice = saved_notice(visit.language, reading.terms.name)
    return visit.redirect(f"/subscriptions/{saved.id}", notice)


async def _write(
    visit: Visit, terms: SubscriptionTerms, promotion_id: int | None
) -> SubscriptionPromotion:
    """Create or change it. Raises SubscriptionCodeTaken, MaxUsageTooLow and ChangedMeanwhile."""
    database, caller, now = visit.context.database, visit.caller, visit.now
    # A form has no idempotency key: only a person sends it again.
    if promotion_id is None:
        return await subscription_promotions.create_promotion(database, caller, terms, now)
    return await subscription_promotions.save_promotion(
        database, caller, promotion_id, terms, now, sent_version(visit)
    )


def _sent(visit: Visit) -> SubscriptionFields:
    """The fields as they were sent."""
    rows = visit.rows("effect", "amount", "with_code", "of_contract")
    return SubscriptionFields(
        name=visit.field("name"),
        code=visit.field("code"),
        description=visit.field("description"),
        enabled=visit.field("enabled") == "on",
        starts_at=visit.field("starts_at"),
        ends_at=visit.field("ends_at"),
        max_usage=visit.field("max_usage"),
        new_only=visit.field("new_only") == "on",
        type_ids=visit.field("type_ids"),
        # One too many is enough for the fault.
        rules=tuple(RuleFields(*texts) for texts in rows[: MAX_RULES + 1]),
    )


def _form(
    visit: Visit,
    fields: SubscriptionFields,
    promotion_id: int | None,
    reading: ReadSubscription | None = None,
    warnings: Sequence[SubscriptionWarning] = (),
    *,
    clash: Clash | None = None,
    version: datetime | None = None,
) -> Response:
    return visit.render(
        "subscriptions/form.html",
        status=422 if reading else 409 if clash else 200,
        clash=clash,
        version=version_field(version or sent_version(visit)),
        fields=fields,
        promotion_id=promotion_id,
        faults={} if reading is None else reading.faults,
        warnings=[warning_words(visit.language, warning) for warning in warnings],
        may_add=len(fields.rules) < MAX_RULES,
    )


PAGES: Final = (
    read("/subscriptions/new", show_new, Action.WRITE_PROMOTIONS),
    write(
        "/subscriptions/new",
        create,
        Action.WRITE_PROMOTIONS,
        limit=LONG_FORM_LIMIT,
        again=create,
    ),
    read("/subscriptions/{promotion_id}/edit", show_edit, Action.WRITE_PROMOTIONS),
    write(
        "/subscriptions/{promotion_id}/edit",
        edit,
        Action.WRITE_PROMOTIONS,
        limit=LONG_FORM_LIMIT,
        again=edit,
    ),
)
