"""Webhooks: where events are sent, the result of each delivery, and sending one again."""

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from sconto.domain.events import EventType
from sconto.domain.names import NAME_LENGTH, is_name
from sconto.domain.numbers import MAX_INT64
from sconto.domain.people import Action
from sconto.domain.problems import TooManyWebhooks
from sconto.domain.receiver_address import UrlRefused, UrlRule, check_url
from sconto.domain.webhooks import (
    DEFAULT_OVERLAP,
    DeliveryState,
    DisabledBecause,
    NewWebhook,
    Webhook,
)
from sconto.operations import webhooks
from sconto.operations.versions import ChangedMeanwhile
from sconto.portal.clashes import Clash, find_differences, sent_version, version_field
from sconto.portal.notices import Notice
from sconto.portal.pages import read, write
from sconto.portal.typed_times import read_local_time
from sconto.portal.typed_values import choice_of
from sconto.portal.visit import Visit
from sconto.portal.words import marked

STATES: Final = {
    DeliveryState.WAITING: ("warn", marked("Waiting")),
    DeliveryState.DELIVERED: ("good", marked("Delivered")),
    DeliveryState.DEAD: ("bad", marked("Given up")),
}

REASONS: Final = {
    DisabledBecause.FAILING: marked("It failed for three days, so it was switched off."),
    DisabledBecause.GONE: marked("It answered 410 Gone, so it was switched off."),
}

_URL_RULES: Final = {
    UrlRule.PUBLIC: marked("The address is in a private network."),
    UrlRule.HTTPS: marked("The address begins with https://."),
    UrlRule.HTTPS_OUTSIDE: marked("The address begins with https://."),
    UrlRule.NO_USER: marked("The address has no user and no password."),
}

_NO_ADDRESS: Final = marked("This is not an address of a receiver.")

_LISTED: Final = 25


async def show_list(visit: Visit) -> Response:
    """The merchant's webhooks, and a form to create one."""
    return await _render_list(visit)


async def create(visit: Visit) -> Response:
    """Create a webhook and show its secret, once; or show the faults at their fields."""
    new, faults = _read(visit)
    if faults:
        return await _render_list(visit, faults)
    context = visit.context
    try:
        created = await webhooks.create_webhook(context.database, visit.caller, new, visit.now)
    except TooManyWebhooks as problem:
        text = visit.gettext("You have %(number)s webhooks, which is the maximum.")
        return await _render_list(visit, {"url": text % {"number": problem.most}})
    return _show_secret(visit, created)


async def show_one(visit: Visit) -> Response:
    """A webhook, its latest deliveries, and what can be done with it."""
    return await _render_one(visit)


async def change(visit: Visit) -> Response:
    """Change a webhook, or show the faults at their fields."""
    changed, faults = _read(visit)
    if faults:
        return await _render_one(visit, faults)
    webhook_id = visit.id_in_path("webhook_id")
    database, caller = visit.context.database, visit.caller
    try:
        await webhooks.change_webhook(
            database, caller, webhook_id, lambda _: changed, visit.now, sent_version(visit)
        )
    except ChangedMeanwhile:
        stored = await webhooks.get_webhook(database, caller, webhook_id)
        mine, theirs = _fields(visit, None), _fields(visit, stored)
        differences = find_differences(visit.language, mine, theirs)
        if differences:
            return await _render_one(
                visit, clash=Clash(None, is_mine=False, differences=differences)
            )
    return _back(visit, visit.gettext("It is saved."))


async def delete(visit: Visit) -> Response:
    """Delete a webhook."""
    webhook_id = visit.id_in_path("webhook_id")
    await webhooks.delete_webhook(visit.context.database, visit.caller, webhook_id, visit.now)
    return visit.redirect("/webhooks", Notice(visit.gettext("The webhook is deleted.")))


async def send_test(visit: Visit) -> Response:
    """Send a test, and show its result."""
    webhook_id = visit.id_in_path("webhook_id")
    details = await visit.context.deliveries.send_test(visit.caller, webhook_id)
    return visit.redirect(f"/webhooks/{webhook_id}/deliveries/{details.delivery.id}")


async def rotate_secret(visit: Visit) -> Response:
    """Give a webhook a new secret and show it, once. The old one stays valid for a day."""
    rotated = await webhooks.rotate_secret(
        visit.context.database,
        visit.caller,
        visit.id_in_path("webhook_id"),
        DEFAULT_OVERLAP,
        visit.now,
    )
    return _show_secret(visit, rotated)


async def replay(visit: Visit) -> Response:
    """Send all events again from a time on."""
    since = read_local_time(visit.field("since"), visit.context.zone)
    if since is None:
        return await _render_one(visit, {"since": visit.gettext("Choose a time.")})
    count = await webhooks.replay(
        visit.context.database, visit.caller, visit.id_in_path("webhook_id"), since, visit.now
    )
    text = visit.gettext("Events that are sent again: %(number)s.") % {"number": count}
    return _back(visit, text)


async def show_delivery(visit: Visit) -> Response:
    """A delivery, with its request and the answer to each attempt."""
    details = await webhooks.get_delivery(
        visit.context.database,
        visit.caller,
        visit.id_in_path("webhook_id"),
        visit.id_in_path("delivery_id"),
    )
    body = ""
    if details.payload is not None:
        body = msgspec.json.format(msgspec.json.encode(details.payload), indent=2).decode()
    return visit.render(
        "webhooks/delivery.html",
        details=details,
        delivery=details.delivery,
        body=body,
        states=STATES,
        may_manage=visit.caller.may(Action.MANAGE_WEBHOOKS),
    )


async def resend(visit: Visit) -> Response:
    """Send the event of a delivery again."""
    webhook_id = visit.id_in_path("webhook_id")
    new_id = await webhooks.resend(
        visit.context.database,
        visit.caller,
        webhook_id,
        visit.id_in_path("delivery_id"),
        visit.now,
    )
    notice = Notice(visit.gettext("The event is sent again. This is the new delivery."))
    return visit.redirect(f"/webhooks/{webhook_id}/deliveries/{new_id}", notice)


def _read(visit: Visit) -> tuple[NewWebhook, dict[str, str]]:
    """The webhook of the form, and the faults of its fields."""
    _ = visit.gettext
    url, description = visit.field("url"), visit.field("description")
    sent = [one for one in visit.form.getlist("types") if isinstance(one, str)]
    types = tuple(one for one in EventType if one in sent)
    faults: dict[str, str] = {}
    try:
        check_url(url, visit.context.receivers)
    except UrlRefused as refused:
        faults["url"] = _(_URL_RULES.get(refused.rule, _NO_ADDRESS))
    if description and not is_name(description):
        text = _("At most %(number)s characters, in one line.")
        faults["description"] = text % {"number": NAME_LENGTH}
    # A form without types means all of them.
    every = not types or len(types) == len(EventType)
    enabled = "enabled" in visit.form or "new" in visit.form
    return NewWebhook(url, description, () if every else types, enabled), faults


def _show_secret(visit: Visit, made: webhooks.WebhookWithSecret) -> Response:
    return visit.render("webhooks/secret.html", webhook=made.webhook, secret=made.secret)


def _back(visit: Visit, text: str) -> Response:
    return visit.redirect(f"/webhooks/{visit.id_in_path('webhook_id')}", Notice(text))


async def _render_list(visit: Visit, faults: Mapping[str, str] | None = None) -> Response:
    found = await webhooks.list_webhooks(visit.context.database, visit.caller)
    return visit.render(
        "webhooks/list.html",
        status=422 if faults else 200,
        webhooks=found,
        fields=_fields(visit, None),
        types=list(EventType),
        may_manage=visit.caller.may(Action.MANAGE_WEBHOOKS),
        faults=faults or {},
    )


async def _render_one(
    visit: Visit, faults: Mapping[str, str] | None = None, clash: Clash | None = None
) -> Response:
    database, webhook_id = visit.context.database, visit.id_in_path("webhook_id")
    webhook = await webhooks.get_webhook(database, visit.caller, webhook_id)
    asked = visit.query("state")
    state = choice_of(DeliveryState, asked)
    before = visit.id_in_query("after")
    found, more = await webhooks.list_deliveries(
        database,
        visit.caller,
        webhook_id,
        before=before or MAX_INT64,
        limit=_LISTED,
        state=state,
    )
    return visit.render(
        "webhooks/one.html",
        status=422 if faults else 409 if clash else 200,
        clash=clash,
        version=version_field(
            webhook.updated_at if clash else sent_version(visit) or webhook.updated_at
        ),
        webhook=webhook,
        fields=_fields(visit, None if "url" in visit.form else webhook),
        deliveries=found,
        state=state,
        after=before,
        next=found[-1].id if more else None,
        states=STATES,
        reasons=REASONS,
        types=list(EventType),
        may_manage=visit.caller.may(Action.MANAGE_WEBHOOKS),
        faults=faults or {},
    )


def _fields(visit: Visit, webhook: Webhook | None) -> dict[str, object]:
    """What the form shows: a stored webhook, or what was typed."""
    if webhook is not None:
        return {
            "url": webhook.url,
            "description": webhook.description,
            "types": webhook.types,
            "enabled": webhook.enabled,
        }
    return {
        "url": visit.field("url"),
        "description": visit.field("description"),
        "types": tuple(visit.form.getlist("types")),
        "enabled": "enabled" in visit.form,
    }


PAGES: Final = (
    read("/webhooks", show_list, Action.READ_EVENTS),
    write("/webhooks", create, Action.MANAGE_WEBHOOKS, again=show_list),
    read("/webhooks/{webhook_id}", show_one, Action.READ_EVENTS),
    write("/webhooks/{webhook_id}", change, Action.MANAGE_WEBHOOKS, again=show_one),
    write("/webhooks/{webhook_id}/delete", delete, Action.MANAGE_WEBHOOKS),
    write("/webhooks/{webhook_id}/test", send_test, Action.MANAGE_WEBHOOKS),
    write("/webhooks/{webhook_id}/secret", rotate_secret, Action.MANAGE_WEBHOOKS),
    write("/webhooks/{webhook_id}/replay", replay, Action.MANAGE_WEBHOOKS),
    read("/webhooks/{webhook_id}/deliveries/{delivery_id}", show_delivery, Action.READ_EVENTS),
    write(
        "/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
        resend,
        Action.MANAGE_WEBHOOKS,
    ),
)
