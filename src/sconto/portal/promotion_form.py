"""Creating and editing a promotion: a form with a preview, and warnings before saving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from starlette.datastructures import UploadFile
from starlette.responses import Response

from sconto.domain.history import Subject
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import Action
from sconto.domain.preview import Preview
from sconto.domain.product import ProductQuery, parse_product_id
from sconto.domain.promotion import Promotion, PromotionType
from sconto.operations import previews, price_rises, products, promotions
from sconto.operations.price_rises import PriceRises
from sconto.operations.turns import in_thread
from sconto.operations.versions import Overtaken
from sconto.portal.backtests import DAYS, start_product_backtest
from sconto.portal.clashes import Clash, find_clash, sent_version, shallow, version_field
from sconto.portal.faults import name_some
from sconto.portal.language import Language
from sconto.portal.notices import saved_notice
from sconto.portal.pages import UPLOAD_LIMIT, read, write
from sconto.portal.promotion_fields import (
    MOST_CODES_SHOWN,
    PromotionFields,
    ReadPromotion,
    fields_of,
    read_fields,
)
from sconto.portal.promotion_files import read_code_file, read_product_file
from sconto.portal.sentences import CODE_TYPES, TYPES, warning_words
from sconto.portal.typed_times import write_instant
from sconto.portal.visit import Visit

_FOUND: Final = 8
"""How many products a search shows."""

_SHORT: Final = 64 * 1024
"""Characters of codes and products that are read without a thread."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Findings:
    """Why a form was not saved, or the `version` that it is made from. `asks` for confirmation."""

    faults: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False
    rises: PriceRises | None = None
    clash: Clash | None = None
    version: datetime | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return 422 if self.faults else 409 if self.clash else 200


NO_FINDINGS: Final = Findings()


async def show_new(visit: Visit) -> Response:
    """An empty form, or one filled in as another promotion, without its codes."""
    start = visit.now.replace(second=0)
    fields = PromotionFields(starts_at=write_instant(start, visit.context.zone))
    if visit.query("type") in tuple(PromotionType):
        fields = replace(fields, type=visit.query("type"))
    original = visit.id_in_query("of")
    if original is not None:
        promotion = await promotions.get_promotion(
            visit.context.database, visit.caller, original, most_codes=0
        )
        name = visit.gettext("Copy of %(name)s") % {"name": promotion.summary.name}
        copied = fields_of(promotion, visit.context.zone)
        fields = replace(
            copied,
            name=name[:NAME_LENGTH],
            active=False,
            starts_at=fields.starts_at,
            ends_at=copied.ends_at if copied.ends_at > fields.starts_at else "",
        )
    return _form(visit, fields, None)


async def create(visit: Visit) -> Response:
    """Create the promotion that the form describes."""
    fields = await _sent(visit)
    return await _save(visit, fields, await _read(visit, fields), None)


async def show_edit(visit: Visit) -> Response:
    """The form with the promotion's values."""
    promotion = await _stored(visit)
    fields = fields_of(promotion, visit.context.zone)
    seen = Findings(version=promotion.summary.updated_at)
    return _form(visit, fields, promotion.summary.id, findings=seen)


async def edit(visit: Visit) -> Response:
    """Change the promotion to what the form describes."""
    stored = await promotions.get_promotion(
        visit.context.database, visit.caller, visit.id_in_path("promotion_id"), most_codes=0
    )
    fields = await _sent(visit)
    reading = await _read(visit, fields, stored)
    return await _save(visit, fields, reading, stored.summary.id)


async def show_preview(visit: Visit) -> Response:
    """What the promotion would do, as far as the form is filled in. Nothing is saved."""
    fields = await _sent(visit)
    own = parse_product_id(visit.field("promotion_id"))
    # The preview does not send the codes: they are checked before saving.
    read_later = partial(read_fields, fields, visit.language, codes_later=True)
    reading = await _call(read_later, fields)
    preview = await _preview(visit, reading, own, keep_codes=True)
    return visit.render("promotions/preview.html", **_shown(visit, preview, own))


async def find_products(visit: Visit) -> Response:
    """Products found by name or id."""
    query = ProductQuery(limit=_FOUND, search=visit.search("product_search"))
    page = await products.list_products(visit.context.database, visit.caller, query)
    return visit.render("promotions/found_products.html", products=page.products, more=page.more)


async def _stored(visit: Visit) -> Promotion:
    return await promotions.get_promotion(
        visit.context.database,
        visit.caller,
        visit.id_in_path("promotion_id"),
        most_codes=MOST_CODES_SHOWN + 1,
    )


async def _sent(visit: Visit) -> PromotionFields:
    """The fields as they were sent, with the contents of files after the typed texts."""
    coverage = visit.field("coverage")
    product_file, code_file = [
        await _content(visit, name) for name in ("product_file", "code_file")
    ]
    product_lines, product_faults = await _read_file(
        partial(read_product_file, percents=coverage == "own"), product_file, visit.language
    )
    code_lines, code_faults = await _read_file(read_code_file, code_file, visit.language)
    return PromotionFields(
        type=visit.field("type"),
        name=visit.field("name"),
        active=visit.field("active") == "on",
        starts_at=visit.field("starts_at"),
        ends_at=visit.field("ends_at"),
        coverage=coverage,
        percent=visit.field("percent"),
        products=f"{visit.field('products')}\n{product_lines}".strip(),
        product_faults=product_faults,
        code_type=visit.field("code_type"),
        codes=f"{visit.field('codes')}\n{code_lines}".strip(),
        code_faults=code_faults,
        keep_codes=visit.field("keep_codes") == "on",
    )


async def _content(visit: Visit, name: str) -> bytes:
    """The content of a file field; empty if no file was chosen."""
    file = visit.form.get(name)
    return await file.read() if isinstance(file, UploadFile) else b""


async def _read_file(
    read: Callable[[bytes, Language], tuple[str, tuple[str, ...]]], file: bytes, language: Language
) -> tuple[str, tuple[str, ...]]:
    return read(file, language) if len(file) <= _SHORT else await in_thread(read, file, language)


async def _read(
    visit: Visit, fields: PromotionFields, stored: Promotion | None = None
) -> ReadPromotion:
    codes_later = visit.field("step") == "generate"
    read = partial(read_fields, fields, visit.language, stored, codes_later=codes_later)
    return await _call(read, fields)


async def _call(function: Callable[[], _T], fields: PromotionFields) -> _T:
    """Call what reads or shows the fields; in a thread if they are long."""
    is_long = len(fields.codes) + len(fields.products) > _SHORT
    return await in_thread(function) if is_long else function()


async def _save(
    visit: Visit, fields: PromotionFields, reading: ReadPromotion, promotion_id: int | None
) -> Response:
    """Save, unless there are faults or unconfirmed warnings."""
    preview = await _preview(visit, reading, promotion_id, keep_codes=fields.keep_codes)
    faults = _faults(visit, reading, preview)
    step = visit.field("step")
    new = reading.promotion
    form = partial(_form, visit, fields, promotion_id, preview)
    if new is None or preview is None or faults:
        return await _call(partial(form, Findings(faults)), fields)
    if step == "backtest":
        return await start_product_backtest(visit, new, promotion_id, keep_codes=fields.keep_codes)
    database, caller, now = visit.context.database, visit.caller, visit.now
    draft = price_rises.PromotionDraft(
        new, promotion_id, keep_codes=fields.keep_codes, version=sent_version(visit)
    )
    if step == "check":
        return await _call(form, fields)
    if preview.warnings and step != "anyway":
        rises = await price_rises.find_rises(database, caller, draft, now)
        return await _call(partial(form, Findings(asks=True, rises=rises)), fields)
    try:
        saved = await price_rises.save_promotion(
            database, caller, draft, now, accept_rises=step == "anyway"
        )
    except price_rises.PricesRaised as raised:
        return await _call(partial(form, Findings(asks=True, rises=raised.rises)), fields)
    except Overtaken:
        clash, version = await _clash(visit, fields, draft)
        if clash.differences:
            return await _call(partial(form, Findings(clash=clash, version=version)), fields)
        saved = promotion_id or 0
    path = f"/promotions/{saved}"
    if step == "generate" or visit.field("then") == "generate":
        path += "/codes"
    return visit.redirect(path, saved_notice(visit.language, new.name))


async def _clash(
    visit: Visit, fields: PromotionFields, draft: price_rises.PromotionDraft
) -> tuple[Clash, datetime]:
    """What differs from the stored promotion, and its version."""
    promotion_id = draft.promotion_id or 0
    stored = await promotions.get_promotion(
        visit.context.database, visit.caller, promotion_id, most_codes=MOST_CODES_SHOWN + 1
    )
    theirs = fields_of(stored, visit.context.zone)
    # The form has either the codes or the wish to keep them.
    mine = replace(fields, codes=theirs.codes) if fields.keep_codes else fields
    clash = await find_clash(visit, Subject.PROMOTION, promotion_id, shallow(mine), shallow(theirs))
    return clash, stored.summary.updated_at


async def _preview(
    visit: Visit, reading: ReadPromotion, promotion_id: int | None, *, keep_codes: bool
) -> Preview | None:
    if reading.promotion is None:
        return None
    return await previews.preview_promotion(
        visit.context.database,
        visit.caller,
        reading.promotion,
        visit.now,
        promotion_id,
        keep_codes=keep_codes,
    )


def _faults(visit: Visit, reading: ReadPromotion, preview: Preview | None) -> Mapping[str, str]:
    """The faults by field; products that are not in the catalogue are one too."""
    if preview is None or not preview.unknown:
        return reading.faults
    shown = name_some([*map(str, preview.unknown)])
    sentence = visit.gettext("The catalogue does not have these products: %(ids)s.")
    return {"products": sentence % {"ids": shown}}


def _form(
    visit: Visit,
    fields: PromotionFields,
    promotion_id: int | None,
    preview: Preview | None = None,
    findings: Findings = NO_FINDINGS,
) -> Response:
    step = visit.field("step")
    return visit.render(
        "promotions/form.html",
        status=findings.status,
        clash=findings.clash,
        version=version_field(findings.version or sent_version(visit)),
        fields=fields,
        promotion_id=promotion_id,
        faults=findings.faults,
        ask=findings.asks,
        backtest_days=DAYS,
        rises=findings.rises,
        then="generate" if "generate" in (step, visit.field("then")) else "",
        types=TYPES,
        code_types=CODE_TYPES,
        **_shown(visit, preview, promotion_id),
    )


def _shown(visit: Visit, preview: Preview | None, own: int | None) -> dict[str, Any]:
    warnings = () if preview is None else preview.warnings
    return {
        "preview": preview,
        "warnings": [(warning, warning_words(visit.language, warning)) for warning in warnings],
        "own": own,
    }


PAGES: Final = (
    read("/promotions/new", show_new, Action.WRITE_PROMOTIONS),
    write(
        "/promotions/new",
        create,
        Action.WRITE_PROMOTIONS,
        limit=UPLOAD_LIMIT,
        files=2,
        again=create,
    ),
    write(
        "/promotions/preview", show_preview, Action.WRITE_PROMOTIONS, limit=UPLOAD_LIMIT, files=2
    ),
    read("/promotions/products", find_products, Action.READ_PRODUCTS),
    read("/promotions/{promotion_id}/edit", show_edit, Action.WRITE_PROMOTIONS),
    write(
        "/promotions/{promotion_id}/edit",
        edit,
        Action.WRITE_PROMOTIONS,
        limit=UPLOAD_LIMIT,
        files=2,
        again=edit,
    ),
)
