"""`sconto import`: promotions from the exports of Stripe, Shopify and WooCommerce."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from sconto.api.clock import read_clock
from sconto.cli.database import ask_database
from sconto.cli.groups import command_group
from sconto.cli.import_sentences import say_discount, say_missing, say_note
from sconto.cli.refusals import CommandRefused
from sconto.cli.sentences import say_problem
from sconto.domain.csv_rows import RowFault
from sconto.domain.imports import shopify, stripe, woocommerce
from sconto.domain.imports.cells import (
    HeadingsMissing,
    Record,
    read_currency,
    read_records,
)
from sconto.domain.imports.discount import Discount, Left, make_promotion
from sconto.domain.imports.notes import Note, NoteKind, Unreadable
from sconto.domain.people import command_line_caller
from sconto.domain.promotion import NewPromotion
from sconto.operations import Database, people, products
from sconto.operations.promotion_edits import (
    CartEdit,
    Decision,
    EditRefused,
    Outcome,
    ProductEdit,
    edit_together,
)
from sconto.operations.stored_promotions import StoredPromotions
from sconto.settings import Settings

app: Final = command_group("Promotions from the exports of other systems.")

_PIECE: Final = 64 * 1024

Read: TypeAlias = Discount | Left
Reader: TypeAlias = Callable[[Record], Iterator[Discount]]
File = Annotated[Path, typer.Argument(metavar="FILE.csv", help="The exported file.")]
Merchant = Annotated[str, typer.Option(help="The merchant's name.")]
Currency = Annotated[
    str | None, typer.Option(help="The currency of amounts, because the file does not say it.")
]
Apply = Annotated[
    bool,
    typer.Option("--apply/--dry-run", help="Create the promotions, or only show them (default)."),
]


@app.command("stripe")
def import_stripe(
    path: File,
    merchant: Merchant,
    codes: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="The exported promotion codes of the coupons."),
    ] = None,
    apply: Apply = False,
) -> None:
    """Create promotions from Stripe's coupons and promotion codes."""
    found = list(_read(path, stripe.COLUMNS, lambda record: iter([stripe.read_coupon(record)])))
    if codes is None:
        found = [_with_id_as_code(one) for one in found]
    else:
        coupons = {one.codes[0]: one for one in found if isinstance(one, Discount)}
        records = list(_records(codes, stripe.CODE_COLUMNS))
        rows = [record for record in records if isinstance(record, Record)]
        created, refused = stripe.with_codes(coupons, rows)
        unread = [record for record in records if isinstance(record, Left)]
        left = [one for one in found if isinstance(one, Left)]
        found = [
            *_of(path, [*left, *stripe.find_unused(coupons, created)]),
            *_of(codes, [*unread, *refused, *created]),
        ]
    stripe.name_apart(one for one in found if isinstance(one, Discount))
    _finish(found, merchant, apply=apply)


@app.command("shopify")
def import_shopify(
    path: File, merchant: Merchant, currency: Currency = None, apply: Apply = False
) -> None:
    """Create promotions from the discounts that Shopify's admin exports."""
    unit, zone = _read_currency(currency), Settings.read().zone
    found = _read(path, shopify.COLUMNS, lambda record: shopify.read_discount(record, zone, unit))
    _finish(found, merchant, apply=apply)


@app.command("woocommerce")
def import_woocommerce(
    path: File, merchant: Merchant, currency: Currency = None, apply: Apply = False
) -> None:
    """Create promotions from WooCommerce's coupons. Its times are in SCONTO_TIME_ZONE."""
    unit, zone = _read_currency(currency), Settings.read().zone
    found = _read(
        path, woocommerce.COLUMNS, lambda record: woocommerce.read_coupon(record, zone, unit)
    )
    _finish(found, merchant, apply=apply)


@dataclass
class _Import:
    """The result of a file: what is created, and what is left out."""

    created: list[Discount] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def _finish(found: Iterable[Read], merchant: str, *, apply: bool) -> None:
    done, now, every = _Import(), read_clock(), list(found)

    def decide(stored: StoredPromotions) -> Decision:
        names = {one.summary.name for one in stored.product}
        names |= {one.promotion.name for one in stored.cart}
        done.created.clear()
        done.left[:] = [one for one in every if isinstance(one, Left)]
        for one in every:
            if isinstance(one, Discount) and one.name in names:
                done.left.append(Left(one.line, one.name, Note(NoteKind.NAME_TAKEN), one.file))
            elif isinstance(one, Discount):
                names.add(one.name)
                done.created.append(one)
        promotions = [make_promotion(one, now) for one in done.created]
        return Decision(
            tuple(
                ProductEdit(one) if isinstance(one, NewPromotion) else CartEdit(one)
                for one in promotions
            )
        )

    async def run(database: Database) -> Outcome:
        caller = command_line_caller(await people.find_merchant(database, merchant))
        discounts = [one for one in every if isinstance(one, Discount)]
        named = {product_id for one in discounts for product_id in one.products.ids}
        known = await products.find_products(database, caller, sorted(named))
        _note_unknown(discounts, known.keys())
        return await edit_together(database, caller, decide, now, keep=apply)

    try:
        ask_database(run)
    except EditRefused as refused:
        one, said = done.created[refused.edit], say_problem(refused.problem)
        raise CommandRefused(f"nothing was created: line {one.line} {one.name}: {said}") from None
    _show(done, apply=apply)


def _note_unknown(discounts: Sequence[Discount], known: Iterable[int]) -> None:
    ids = frozenset(known)
    for one in discounts:
        if unknown := sorted(one.products.ids - ids):
            one.as_cart = True
            one.note(NoteKind.PRODUCTS_MISSING, *unknown)


def _show(done: _Import, *, apply: bool) -> None:
    now = read_clock()
    lines: list[tuple[str, int, str]] = []
    for one in done.created:
        off = " (switched off)" if one.is_looser or not one.active else ""
        said = say_discount(make_promotion(one, now))
        notes = "".join(f"\n    {say_note(note)}" for note in one.notes)
        lines.append((one.file, one.line, f"{one.name}: {said}{off}{notes}"))
    lines += [
        (one.file, one.line, f"{one.name}: left out, because {say_note(one.reason)}")
        for one in done.left
    ]
    for file, line, text in sorted(lines):
        typer.echo(f"{file} line {line} {text}".lstrip())
    created, left = len(done.created), len(done.left)
    off_count = sum(one.is_looser or not one.active for one in done.created)
    verb = "created" if apply else "would be created"
    typer.echo(
        f"{created:,} promotions {verb}, {off_count:,} of them switched off; {left:,} left out"
    )
    if not apply and created:
        typer.echo("Nothing was written. To create them, add --apply.")


def _read(path: Path, columns: Sequence[frozenset[str]], read: Reader) -> Iterator[Read]:
    for record in _records(path, columns):
        if isinstance(record, Left):
            yield record
            continue
        try:
            yield from list(read(record))
        except Unreadable as reason:
            yield Left(record.line, _name_of(record), reason.note)


def _records(path: Path, columns: Sequence[frozenset[str]]) -> Iterator[Record | Left]:
    try:
        with path.open("rb") as file:
            for record in read_records(iter(lambda: file.read(_PIECE), b""), columns):
                if isinstance(record, Record):
                    yield record
                else:
                    yield _unreadable(*record)
    except HeadingsMissing as missing:
        raise CommandRefused(f"{path} {say_missing(missing)}") from None


def _unreadable(line: int, fault: RowFault) -> Left:
    return Left(line, "", Note(NoteKind.ROW_UNREADABLE, (fault,)))


def _of(path: Path, some: Iterable[Read]) -> list[Read]:
    """The same, with the name of their file."""
    return [replace(one, file=path.name) for one in some]


def _with_id_as_code(found: Read) -> Read:
    if isinstance(found, Left):
        return found
    try:
        stripe.check_code(found)
    except Unreadable as reason:
        return Left(found.line, found.name, reason.note)
    return found


def _name_of(record: Record) -> str:
    return record.text("Name", "post_title", "coupon_code", "code", "id")


def _read_currency(text: str | None) -> str | None:
    try:
        return None if text is None else read_currency(text)
    except Unreadable as reason:
        raise CommandRefused(say_note(reason.note)) from None
