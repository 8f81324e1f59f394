"""The fields of a promotion's form as they were typed, and the promotion they describe."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from sconto.domain.codes import CodeType
from sconto.domain.coverage import (
    AllProducts,
    Coverage,
    ListedProducts,
    OwnPercents,
    named_products,
)
from sconto.domain.coverage_file import CoverageLine, read_coverage, read_percent
from sconto.domain.money import format_percent
from sconto.domain.numbers import parse_id
from sconto.domain.promotion import NewPromotion, Promotion, PromotionType, Terms
from sconto.portal.faults import MAX_NAMED, PERCENT_FAULT, Faults, name_some
from sconto.portal.language import Language
from sconto.portal.product_rows import MAX_ROWS, ProductRow, rows_of
from sconto.portal.typed_times import read_period, write_instant
from sconto.portal.typed_values import check_name, read_a_percent, read_codes, words_of

MAX_CODES_SHOWN: Final = 500
"""A form does not show more codes than these: saving it keeps them."""

_LONGEST_PASTED: Final = 64 * 1024
"""Characters of pasted products that become rows."""

_LINE: Final = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class PromotionFields:
    """The texts of the form, and the faulty lines of its files."""

    type: str = "coupon"
    name: str = ""
    active: bool = True
    starts_at: str = ""
    ends_at: str = ""
    coverage: str = "all"
    percent: str = ""
    products: str = ""
    rows: tuple[ProductRow, ...] = ()
    code_type: str = "reusable"
    codes: str = ""
    keep_codes: bool = False
    product_faults: tuple[str, ...] = ()
    code_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadPromotion:
    """The promotion that the fields describe, or None and the faults by field."""

    promotion: NewPromotion | None
    faults: Mapping[str, str] = field(default_factory=dict)


def fields_of(promotion: Promotion, zone: ZoneInfo) -> PromotionFields:
    """The fields for a stored promotion."""
    summary, terms = promotion.summary, promotion.terms
    keep_codes = len(terms.codes) > MAX_CODES_SHOWN
    rows = rows_of(_typed_products(terms.coverage))
    return PromotionFields(
        type=summary.type,
        name=summary.name,
        active=summary.active,
        starts_at=write_instant(summary.period.starts_at, zone),
        ends_at=write_instant(summary.period.ends_at, zone),
        coverage=_coverage_name(terms.coverage),
        percent="" if isinstance(terms.coverage, OwnPercents) else _percent_of(terms.coverage),
        products=_products_of(terms.coverage) if rows is None else "",
        rows=rows or (),
        code_type=terms.code_type or CodeType.REUSABLE,
        codes="" if keep_codes else "\n".join(terms.codes),
        keep_codes=keep_codes,
    )


def read_fields(
    fields: PromotionFields,
    language: Language,
    stored: Promotion | None = None,
    *,
    codes_later: bool = False,
) -> ReadPromotion:
    """The promotion that the fields describe, or every fault by field.

    `stored` is the promotion that is edited: times that were not touched stay the same to the
    microsecond, and a code type that was never set stays unset. `codes_later` allows a coupon
    without codes.
    """
    faults = Faults()
    _ = language.gettext
    check_name(fields.name, language, faults)
    if fields.type not in tuple(PromotionType):
        faults.note("type", _("Choose one."))
    times = (fields.starts_at, fields.ends_at)
    period = read_period(times, stored.summary.period if stored else None, language, faults)
    coverage = _read_coverage(fields, language, faults)
    is_coupon = fields.type == PromotionType.COUPON
    codes: tuple[str, ...] = ()
    if is_coupon and not fields.keep_codes:
        codes = _read_codes(fields, language, faults)
        if not codes and not codes_later:
            faults.note("codes", _("Write at least one code, or save and generate them."))
    if is_coupon and fields.code_type not in tuple(CodeType):
        faults.note("code_type", _("Choose one."))
    if faults or period is None or coverage is None:
        return ReadPromotion(None, faults)
    code_type = _code_type(fields, stored) if is_coupon else None
    terms = Terms(coverage, code_type, codes)
    promotion_type = PromotionType(fields.type)
    return ReadPromotion(NewPromotion(promotion_type, fields.name, fields.active, period, terms))


def _read_coverage(fields: PromotionFields, language: Language, faults: Faults) -> Coverage | None:
    _ = language.gettext
    match fields.coverage:
        case "all":
            return AllProducts(read_a_percent("percent", fields.percent, language, faults))
        case "listed":
            note_lines("products", fields.product_faults, language, faults)
            percent = read_a_percent("percent", fields.percent, language, faults)
            ids = [row.product_id for row in fields.rows]
            listed = _read_products([*ids, *words_of(fields.products)], language, faults)
            return ListedProducts(percent, listed)
        case "own":
            note_lines("products", fields.product_faults, language, faults)
            return _read_own_percents(fields, language, faults)
        case _:
            faults.note("coverage", _("Choose one."))
            return None


def _read_products(texts: Sequence[str], language: Language, faults: Faults) -> tuple[int, ...]:
    read = {text: parse_id(text) for text in texts}
    bad = [text for text, product_id in read.items() if product_id is None]
    if bad:
        sentence = language.gettext("These are not product ids: %(texts)s.")
        faults.note("products", sentence % {"texts": name_some(bad)})
    elif not texts:
        faults.note("products", language.gettext("Choose at least one product."))
    return tuple(product_id for product_id in read.values() if product_id is not None)


def _read_own_percents(fields: PromotionFields, language: Language, faults: Faults) -> OwnPercents:
    percents = _read_rows(fields.rows, language, faults)
    bad: list[str] = []
    lines = (found[0].strip() for found in _LINE.finditer(fields.products))
    for line in filter(None, lines):
        match [cell for cell in re.split(r"[\s;]+|,(?=\s)", line) if cell]:
            case [product, percent, *rest] if not "".join(rest).strip("%"):
                product_id = parse_id(product.rstrip(","))
                try:
                    own = read_percent(percent)
                except ValueError:
                    own = 0
                if product_id is not None and own and product_id not in percents:
                    percents[product_id] = own
                    continue
        bad.append(line)
    _ = language.gettext
    if bad:
        sentence = _("Each line needs a different product id and a percent; wrong: %(texts)s.")
        faults.note("products", sentence % {"texts": name_some(bad)})
    elif not percents:
        faults.note("products", _("Choose at least one product."))
    return OwnPercents(percents)


def _read_rows(rows: Sequence[ProductRow], language: Language, faults: Faults) -> dict[int, int]:
    """The percents of the table's rows, by product."""
    percents: dict[int, int] = {}
    for row in rows:
        try:
            percents[int(row.product_id)] = read_percent(row.percent)
        except ValueError:
            percents[int(row.product_id)] = 1
            faults.note(f"row-{row.product_id}", language.gettext(PERCENT_FAULT))
    return percents


def with_rows(fields: PromotionFields) -> PromotionFields:
    """The fields with the products that were pasted as rows; unreadable lines stay as text."""
    if len(fields.rows) > MAX_ROWS:
        return replace(fields, rows=(), products=all_products(fields))
    if not fields.products or len(fields.products) > _LONGEST_PASTED:
        return fields
    is_own = fields.coverage == "own"
    if "\t" in fields.products or ";" in fields.products:
        return _with_table(fields, percents=is_own)
    rows = {row.product_id: row for row in fields.rows}
    left = []
    pasted = _LINE.findall(fields.products) if is_own else list(words_of(fields.products))
    for line in pasted:
        cells = [cell for cell in re.split(r"[\s;]+|,(?=\s)", line.strip()) if cell] or [""]
        product = cells[0].rstrip(",")
        is_clear = not "".join(cells[2:]).strip("%")
        if parse_id(product) is None or not is_clear or product in rows:
            left.append(line)
        else:
            rows[product] = ProductRow(product, cells[1] if len(cells) > 1 else "")
    if len(rows) > MAX_ROWS:
        return fields
    if not is_own:
        left = [word for word in left if word not in rows]
    text = ("\n" if is_own else " ").join(left)
    return replace(fields, rows=tuple(rows.values()), products=text)


def _with_table(fields: PromotionFields, *, percents: bool) -> PromotionFields:
    """The fields with the rows of a table that was pasted from a spreadsheet."""
    rows = {row.product_id: row for row in fields.rows}
    lines = fields.products.replace("\r\n", "\n").split("\n")
    left = []
    for read in read_coverage("\n".join(lines).encode(), percents=percents):
        if isinstance(read, CoverageLine):
            percent = "" if read.percent is None else format_percent(read.percent)
            rows[str(read.product_id)] = ProductRow(str(read.product_id), percent)
        else:
            left.append(lines[min(read.line, len(lines)) - 1].replace("\t", " "))
    if len(rows) > MAX_ROWS:
        return fields
    return replace(fields, rows=tuple(rows.values()), products="\n".join(left))


def all_products(fields: PromotionFields) -> str:
    """The products of the table and the text together, a line each."""
    is_own = fields.coverage == "own"
    lines = [row.line if is_own else row.product_id for row in fields.rows]
    return "\n".join([*lines, *filter(None, [fields.products])])


def _typed_products(coverage: Coverage) -> Iterator[tuple[int, str]]:
    if isinstance(coverage, OwnPercents):
        for product_id, percent in coverage.percents.items():
            yield product_id, format_percent(percent)
    else:
        for product_id in named_products(coverage):
            yield product_id, ""


def _code_type(fields: PromotionFields, stored: Promotion | None) -> CodeType | None:
    chosen = CodeType(fields.code_type)
    unset = stored is not None and stored.terms.code_type is None
    return None if unset and chosen is CodeType.REUSABLE else chosen


def _read_codes(fields: PromotionFields, language: Language, faults: Faults) -> tuple[str, ...]:
    codes = read_codes("codes", fields.codes, language, faults)
    note_lines("codes", fields.code_faults, language, faults)
    return codes


def note_lines(name: str, lines: Sequence[str], language: Language, faults: Faults) -> None:
    """Note the faulty lines of a file."""
    if lines:
        sentence = language.gettext("Lines of the file cannot be taken: %(lines)s.")
        more = f"; … ({language.number(len(lines))})" if len(lines) > MAX_NAMED else ""
        faults.note(name, sentence % {"lines": "; ".join(lines[:MAX_NAMED]) + more})


def _coverage_name(coverage: Coverage) -> str:
    match coverage:
        case AllProducts():
            return "all"
        case ListedProducts():
            return "listed"
        case OwnPercents():
            return "own"


def _percent_of(coverage: AllProducts | ListedProducts) -> str:
    return format_percent(coverage.percent)


def _products_of(coverage: Coverage) -> str:
    if isinstance(coverage, OwnPercents):
        return "\n".join(_own_lines(coverage))
    return "\n".join(map(str, named_products(coverage)))


def _own_lines(coverage: OwnPercents) -> Iterator[str]:
    for product_id, percent in coverage.percents.items():
        yield f"{product_id} {format_percent(percent)}"
