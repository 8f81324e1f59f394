"""`sconto purge` and `sconto customer`: how long records are kept, and a customer's rights."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.progress import show_count
from sconto.cli.refusals import CommandRefused
from sconto.domain.bill import PricedCart
from sconto.domain.cart import Cart
from sconto.domain.holds import Hold
from sconto.domain.money import format_amount
from sconto.domain.order import StoredOrder
from sconto.domain.people import Merchant
from sconto.domain.retention import Purged, parse_age
from sconto.domain.returns import OrderReturn
from sconto.operations import Database, people, retention
from sconto.operations.order_counting import count_orders_of
from sconto.settings import Settings

customers: Final = command_group("A shop's customer: a copy of what is stored, and erasing it.")

_CONFIRMED_FROM: Final = timedelta(days=1)

CustomerId = Annotated[str, typer.Argument(metavar="ID", help="The shop's id of the customer.")]
MerchantOfCustomer = Annotated[str, typer.Option("--merchant", help="The merchant's name.")]


def purge(
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="A number with d, w or y: 90d, 26w, 2y.")
    ],
    merchant: Annotated[
        str | None, typer.Option(help="The merchant's name; without it, all merchants.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")
    ] = False,
    confirmed: Annotated[
        bool, typer.Option("--yes", help="Delete records younger than a day, too.")
    ] = False,
) -> None:
    """Delete orders, history, keys and events older than an age."""
    age = parse_age(older_than)
    if age is None:
        raise CommandRefused(
            f"--older-than {older_than}: an age is a number with d, w or y, such as 90d, 26w or 2y"
        )
    if age < _CONFIRMED_FROM and not (confirmed or dry_run):
        raise CommandRefused(
            f"--older-than {older_than} deletes the orders of today; add --yes if you mean it"
        )
    try:
        purged = ask_database(lambda database: _purge(database, merchant, age, dry_run=dry_run))
    except KeyboardInterrupt:
        raise CommandRefused("interrupted: run it again to delete the rest") from None
    for name, counts in purged:
        typer.echo(f"{name}: {_say(counts)} {'would be deleted' if dry_run else 'deleted'}")


@customers.command("erase")
def erase(customer_id: CustomerId, merchant: MerchantOfCustomer) -> None:
    """Replace a customer's id by a random one wherever it is stored.

    Orders, statistics and limits stay, and nobody can tell whose they were. First stop sending the
    id: an order that is placed afterwards is stored with it.
    """

    async def run(database: Database) -> int | None:
        merchant_id = await people.find_merchant(database, merchant)
        return await retention.erase_customer(database, merchant_id, customer_id)

    orders = ask_database(run)
    if orders is None:
        raise CommandRefused(f"nothing is stored about customer {customer_id} of {merchant}")
    typer.echo(f"Erased customer {customer_id}: {_count(orders, 'order')} kept without the id")


@customers.command("export")
def export(customer_id: CustomerId, merchant: MerchantOfCustomer) -> None:
    """Print everything that is stored about a customer, as JSON.

    `counted_uses` are those that limits of promotions count. `has_purged_order` is true if orders
    were purged, and a digest of the id remains. `holds` is there if there are any.
    """
    if not ask_database(lambda database: _export(database, merchant, customer_id)):
        raise CommandRefused(f"nothing is stored about customer {customer_id} of {merchant}")


async def _purge(
    database: Database, merchant: str | None, age: timedelta, *, dry_run: bool
) -> list[tuple[str, Purged]]:
    if merchant is None:
        named = await people.list_merchants(database)
    else:
        named = [Merchant(await people.find_merchant(database, merchant), merchant)]
    try:
        before = read_clock() - age
    except OverflowError:
        raise CommandRefused("--older-than: the calendar does not go back that far") from None
    return [(one.name, await _purge_one(database, one, before, dry_run=dry_run)) for one in named]


async def _purge_one(
    database: Database, merchant: Merchant, before: datetime, *, dry_run: bool
) -> Purged:
    old = await retention.count_old(database, merchant.id, before)
    if dry_run:
        return old
    await retention.record_purge(database, merchant.id, before, old)
    await count_orders_of(database, merchant.id, Settings.read().zone)
    with show_count(f"Purging {merchant.name}", old.total) as show:
        return await retention.purge(
            database,
            merchant.id,
            before,
            lambda so_far: show(so_far.total),
        )


async def _export(database: Database, merchant: str, customer_id: str) -> bool:
    """Print the records; returns whether there are any. Orders are written one by one."""
    merchant_id = await people.find_merchant(database, merchant)
    records = await retention.get_customer_records(database, merchant_id, customer_id)
    encoder = msgspec.json.Encoder()
    out = sys.stdout
    began = False
    orders = retention.list_customer_orders(database, merchant_id, customer_id)
    async for order, returns in orders:
        out.write(",\n" if began else f'{{"customer_id": {_text(customer_id)}, "orders": [\n')
        out.write(encoder.encode(_write_order(order, returns)).decode())
        began = True
    if not (began or records.allowances or records.has_purged_order or records.holds):
        return False
    await retention.record_customer_export(database, merchant_id)
    if not began:
        out.write(f'{{"customer_id": {_text(customer_id)}, "orders": [')
    uses = [{"promotion_id": number, "uses": uses} for number, uses in records.allowances]
    out.write("\n], ")
    out.write(f'"counted_uses": {encoder.encode(uses).decode()}, ')
    if records.holds:
        held = [_write_hold(hold) for hold in records.holds]
        out.write(f'"holds": {encoder.encode(held).decode()}, ')
    out.write(f'"has_purged_order": {encoder.encode(records.has_purged_order).decode()}}}\n')
    out.flush()
    return True


def _write_order(order: StoredOrder, returns: Sequence[OrderReturn]) -> dict[str, object]:
    assert order.cart is not None  # noqa: S101 - it names the customer
    return {
        "order_id": order.order_id,
        "created_at": order.created_at,
        "status": order.status,
        **_write_cart(order.cart, order.outcome),
        **({"returns": [_write_return(one) for one in returns]} if returns else {}),
    }


def _write_hold(hold: Hold) -> dict[str, object]:
    return {
        "order_id": hold.order_id,
        "created_at": hold.created_at,
        "expires_at": hold.expires_at,
        **_write_cart(hold.cart, hold.outcome),
    }


def _write_cart(cart: Cart, outcome: PricedCart) -> dict[str, object]:
    customer = cart.customer

    def amount(minor_units: int) -> str:
        return format_amount(minor_units, outcome.currency)

    shipping = outcome.shipping
    return {
        "customer": {
            "id": customer.id,
            "segments": sorted(customer.segments),
            "has_ordered": customer.has_ordered,
        },
        "codes": cart.codes,
        "currency": outcome.currency,
        "lines": [
            {
                "line_id": line.line_id,
                "product_id": line.product_id,
                "quantity": line.quantity,
                "unit_price": amount(line.unit_price),
                "total": amount(line.total),
            }
            for line in outcome.lines
        ],
        "shipping": None if shipping is None else amount(shipping.total),
        "discount": amount(outcome.discount),
        "total": amount(outcome.total),
    }


def _write_return(kept: OrderReturn) -> dict[str, object]:
    refund = kept.refund

    def amount(minor_units: int) -> str:
        return format_amount(minor_units, refund.currency)

    return {
        "return_id": kept.return_id,
        "created_at": kept.created_at,
        "lines": [
            {"line_id": line.line_id, "quantity": line.quantity, "total": amount(line.total)}
            for line in refund.lines
        ],
        "shipping": None if refund.shipping is None else amount(refund.shipping.total),
        "total": amount(refund.total),
    }


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()


def _say(counts: Purged) -> str:
    entries = f"{counts.history:,} history " + ("entry" if counts.history == 1 else "entries")
    keys, events = _count(counts.keys, "key"), _count(counts.events, "event")
    return f"{_count(counts.orders, 'order')}, {entries}, {keys}, {events}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
