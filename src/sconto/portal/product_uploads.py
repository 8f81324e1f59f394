"""A file of products for a promotion: a preview before they are taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from sconto.domain.coverage import coverage_of, with_products
from sconto.domain.coverage_file import (
    PERCENT_FIELD,
    PRODUCT_FIELD,
    CoverageFault,
    CoverageLine,
    CoverageTable,
    RefusedCoverageLine,
    read_coverage,
    read_percent,
    read_table,
)
from sconto.domain.encoding_guess import guess_encoding
from sconto.domain.file_preview import FilePreview, ShownRow
from sconto.domain.layout import Encoding, Layout, column_letter
from sconto.domain.money import percent_of
from sconto.domain.people import Action
from sconto.domain.product import Product
from sconto.domain.promotion import NewPromotion, Terms
from sconto.domain.upload import Upload
from sconto.operations import price_rises, products, promotions, uploads
from sconto.operations.file_previews import preview_coverage
from sconto.operations.price_rises import PriceRises, PricesRaised, PromotionDraft
from sconto.operations.sheet_files import SheetRefused
from sconto.operations.turns import in_thread
from sconto.operations.versions import ChangedMeanwhile
from sconto.portal.clashes import sent_version, version_field
from sconto.portal.faults import PERCENT_FAULT
from sconto.portal.file_sentences import COVERAGE_FAULTS
from sconto.portal.notices import Notice
from sconto.portal.pages import UPLOAD_LIMIT, read, write
from sconto.portal.promotion import find_heading, show_page
from sconto.portal.uploads import (
    SAMPLE,
    column_names,
    find_upload,
    keep_text,
    layout_words,
    read_layout,
    say_gone,
    say_refused,
    store_upload,
    write_layout,
)
from sconto.portal.visit import Visit

_FIELDS: Final = {PRODUCT_FIELD: "column", PERCENT_FIELD: "percent_column"}

_NO_PERCENTS: Final = frozenset({CoverageFault.NO_PERCENTS, CoverageFault.NOT_A_PERCENT})
_NO_PRODUCTS: Final = frozenset(
    {CoverageFault.NOT_A_PRODUCT, CoverageFault.SEVERAL_VALUES, CoverageFault.NO_PRODUCT}
)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What to do with the products of a file.

    `percent` is that of all, in millionths, None if each has its own; -1 if it is invalid. `adds`
    keeps the promotion's other products.
    """

    layout: Layout
    percent: int | None
    written_percent: str
    adds: bool

    @property
    def given(self) -> dict[str, Any]:
        """The wish for an address or a form."""
        return {
            **write_layout(self.layout, _FIELDS),
            "percent": self.written_percent,
            "adds": "yes" if self.adds else None,
        }


@dataclass(frozen=True, slots=True)
class _Found:
    """The file as it was read, and the products that the catalogue has."""

    table: CoverageTable
    page: FilePreview[CoverageFault]
    products: Mapping[int, Product]


async def take_file(visit: Visit) -> Response:
    """Store the file or the pasted text, and show its preview."""
    promotion_id = visit.id_in_path("promotion_id")
    here = f"/promotions/{promotion_id}/products"
    own = visit.field("percents") != "same"
    percent = "" if own else visit.field("percent")
    file = visit.form.get("product_file")
    if isinstance(file, UploadFile) and file.size:
        try:
            upload_id, sample = await store_upload(visit, file)
        except SheetRefused as refused:
            return visit.redirect(here, Notice(say_refused(visit, refused)))
    elif text := visit.field("products"):
        sample = text.encode()
        upload_id = await keep_text(visit, "", sample)
    else:
        return visit.redirect(here, Notice(visit.gettext("Choose a file, or paste products.")))
    if not own and not percent:
        percent = "?"
    encoding = await in_thread(_guess, sample[:SAMPLE], own)
    wish = _Wish(Layout(encoding=encoding), None, percent, visit.field("adds") == "yes")
    return visit.redirect(f"{here}/file/{upload_id}", **wish.given)


async def show_file(visit: Visit) -> Response:
    """A page of the preview, and what can be said about the file."""
    return await _show(visit, _read_wish(visit.query))


async def take(visit: Visit) -> Response:
    """Change the promotion's products to those of the file as they were shown."""
    promotion_id = visit.id_in_path("promotion_id")
    database, caller, now = visit.context.database, visit.caller, visit.now
    wish = _read_wish(visit.field)
    upload = await find_upload(visit)
    if upload is None:
        return say_gone(visit, f"/promotions/{promotion_id}/products")
    found = await _read(visit, upload, wish)
    if found.page.bad or not found.page.good or wish.percent == -1:
        return await _show(visit, wish)
    stored = await promotions.get_promotion(database, caller, promotion_id, most_codes=0)
    percents = {
        line.product_id: wish.percent if line.percent is None else line.percent
        for line in found.table.lines
        if isinstance(line, CoverageLine)
    }
    read = {product_id: percent or 0 for product_id, percent in percents.items()}
    coverage = with_products(stored.terms.coverage, read) if wish.adds else coverage_of(read)
    summary = stored.summary
    terms = Terms(coverage, stored.terms.code_type, ())
    new = NewPromotion(summary.type, summary.name, summary.active, summary.period, terms)
    draft = PromotionDraft(new, promotion_id, keep_codes=True, version=sent_version(visit))
    try:
        await price_rises.save_promotion(
            database, caller, draft, now, accept_rises=visit.field("step") == "anyway"
        )
    except PricesRaised as raised:
        return await _show(visit, wish, rises=raised.rises)
    except ChangedMeanwhile:
        text = visit.gettext("Somebody changed the promotion meanwhile. Look at it again.")
        return await _show(visit, wish, fault=text)
    await uploads.remove_upload(database, caller, upload)
    words = visit.language.ngettext(
        "%(number)s product was taken from the file.",
        "%(number)s products were taken from the file.",
        len(read),
    )
    notice = Notice(words % {"number": visit.language.number(len(read))})
    return visit.redirect(f"/promotions/{promotion_id}/products", notice)


async def _show(
    visit: Visit, wish: _Wish, *, rises: PriceRises | None = None, fault: str | None = None
) -> Response:
    heading = await find_heading(visit)
    upload = await find_upload(visit)
    if upload is None:
        return say_gone(visit, f"/promotions/{heading.summary.id}/products")
    found = await _read(visit, upload, wish)
    if wish.percent == -1 and fault is None:
        fault = visit.gettext(PERCENT_FAULT)
    page = found.page
    page.rows = [_shown_row(visit, row, found.products, wish) for row in page.rows]
    columns = column_names(found.table.first_row)
    # If one value is bad, it is a mistake; if all are bad, the columns are wrong.
    is_lost = not page.good and len(columns) > 1
    return show_page(
        visit,
        "promotions/product_file.html",
        heading,
        status=422 if visit.request.method == "POST" else 200,
        fault=fault,
        rises=rises,
        upload=upload,
        wish=wish,
        version=version_field(heading.summary.updated_at),
        given=wish.given,
        page=page,
        columns=columns,
        letter=column_letter,
        sentences=COVERAGE_FAULTS,
        answers_for_product=_answers("column", columns),
        answers_for_percent=_answers("percent_column", columns),
        asks_for_product=is_lost and bool(_NO_PRODUCTS & page.faults.keys()),
        asks_for_percent=is_lost and bool(_NO_PERCENTS & page.faults.keys()),
        **layout_words(visit),
    )


def _answers(name: str, columns: Mapping[str, str]) -> list[tuple[dict[str, str], str]]:
    return [({name: number}, words) for number, words in columns.items()]


async def _read(visit: Visit, upload: Upload, wish: _Wish) -> _Found:
    database, caller = visit.context.database, visit.caller
    own = not wish.written_percent
    async with visit.context.turns.of(caller.merchant_id):
        content = b"".join([part async for part in uploads.read_upload(database, caller, upload)])
        read_rows = partial(read_table, content, percents=own, layout=wish.layout)
        table = await in_thread(read_rows)
        ids = {line.product_id for line in table.lines if isinstance(line, CoverageLine)}
        known = await products.find_products(database, caller, ids)
        unknown = dict.fromkeys(ids - known.keys(), CoverageFault.UNKNOWN)
        page = FilePreview[CoverageFault](
            visit.id_in_query("after") or 0, visit.query("rows") == "bad"
        )
        await in_thread(partial(preview_coverage, table, page, known=unknown))
    return _Found(table, page, known)


def _shown_row(
    visit: Visit, row: ShownRow[CoverageFault], known: Mapping[int, Product], wish: _Wish
) -> ShownRow[CoverageFault]:
    """The row with the product's name and prices between and behind its values."""
    written, percent = (*row.values, "", "")[:2]
    if row.fault is not None:
        bad = None if row.bad is None else 2 * row.bad
        return replace(row, values=(written, "", percent, "", ""), bad=bad)
    product = known[int(written)]
    money = partial(visit.language.money, currency=product.currency)
    share = read_percent(percent) if percent else wish.percent
    if share is None or share < 0:
        return replace(row, values=(written, product.name, "", money(product.price), ""))
    after = product.price - percent_of(product.price, share)
    shown = (visit.language.percent(share), money(product.price), money(after))
    return replace(row, values=(written, product.name, *shown))


def _read_wish(get: Callable[[str], str]) -> _Wish:
    written = get("percent")
    percent = None
    if written:
        try:
            percent = read_percent(written)
        except ValueError:
            percent = -1
    return _Wish(read_layout(get, _FIELDS), percent, written, get("adds") == "yes")


def _guess(sample: bytes, own: bool) -> Encoding | None:
    def count_bad(encoding: Encoding) -> int:
        lines = read_coverage(sample, percents=own, layout=Layout(encoding=encoding))
        return sum(isinstance(line, RefusedCoverageLine) for line in lines)

    return guess_encoding(sample, count_bad)


_PATH: Final = "/promotions/{promotion_id}/products/file/{upload_id}"

PAGES: Final = (
    write(
        "/promotions/{promotion_id}/products",
        take_file,
        Action.WRITE_PROMOTIONS,
        limit=UPLOAD_LIMIT,
        files=1,
    ),
    read(_PATH, show_file, Action.WRITE_PROMOTIONS),
    write(_PATH, take, Action.WRITE_PROMOTIONS),
)
