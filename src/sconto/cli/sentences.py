"""The sentences of the command line: problems, and faults in the lines of files."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sconto.api.catalog.faults import say_product_fault
from sconto.domain.code_file import CodeLineFault
from sconto.domain.code_list import MAX_CODES_ADDED
from sconto.domain.csv_rows import LONGEST_ROW, LONGEST_VALUE, RowFault
from sconto.domain.headings import CODE_COLUMN
from sconto.domain.layout import column_letter
from sconto.domain.names import NAME_LENGTH
from sconto.domain.people import LONGEST_PASSWORD, PASSWORD_LENGTH
from sconto.domain.people_problems import (
    EmailTaken,
    KeyNotFound,
    NotAnEmail,
    TooManyKeys,
    TwoFactorIsOff,
    UserDisabled,
)
from sconto.domain.problems import (
    CodeFileRefused,
    CodesTaken,
    GenerationNotFound,
    ImportRefused,
    MaxUsageTooLow,
    MerchantNotFound,
    NameTaken,
    NoCodesAllowed,
    NoCodesSent,
    NotAName,
    ParquetUnavailable,
    PasswordRefused,
    PatternFault,
    PatternRefused,
    PeriodReversed,
    Problem,
    PromotionNotFound,
    SubscriptionCodeTaken,
    TooManyAutomatic,
    UnknownProducts,
    UserAmbiguous,
    UserNotFound,
    WebhookNotFound,
)
from sconto.domain.product import ProductFault, RefusedProductLine, RepeatedProduct, WrongValueCount

_NOT_UTF_8: Final = 'is not UTF-8: save the file as "CSV UTF-8"'
_SHORTENED: Final = (
    "is a number that a spreadsheet shortened: give the column the format “Text”, and fill it in"
    " again"
)
_MISREAD: Final = (
    "has letters that were read in another encoding: open the original file as UTF-8, and save"
    " it again"
)

CODE_FAULTS: Final[Mapping[CodeLineFault, str]] = {
    CodeLineFault.NOT_A_CODE: (
        "is not a code: 1 to 30 letters, digits, dashes, underscores and dots"
    ),
    CodeLineFault.BLANKS: "has a blank: is it one code, or several?",
    CodeLineFault.SHORTENED: _SHORTENED,
    CodeLineFault.NOT_ONE_VALUE: "has several values, and no heading says which is the code",
    CodeLineFault.NO_VALUE: "has no value in the column of codes",
    CodeLineFault.MORE_VALUES: "has more values than the heading has columns",
    CodeLineFault.HEADING: "is a heading, and only the first line can be one",
    CodeLineFault.UNCLEAR: f"may be a heading or a code: write {CODE_COLUMN} in a line above it",
    CodeLineFault.TWO_COLUMNS: "names more than one column of codes",
    CodeLineFault.REPEATED: "has the code of an earlier line",
    CodeLineFault.TAKEN: "has a code that the promotion already has",
    CodeLineFault.TOO_MANY: f"is beyond the {MAX_CODES_ADDED:,} codes that can be added together",
    CodeLineFault.OPEN_QUOTE: "opens a quote that is never closed",
    CodeLineFault.BARE_QUOTE: "has a quote inside quotes that is not doubled",
    CodeLineFault.TOO_LONG: "is too long",
    CodeLineFault.UNREADABLE: _NOT_UTF_8,
    CodeLineFault.MISREAD: _MISREAD,
}

CODE_HINTS: Final[Mapping[CodeLineFault, str]] = {
    CodeLineFault.BLANKS: "--blanks several, dash or nothing says what a blank means",
    CodeLineFault.NOT_ONE_VALUE: "--column says which column has the codes",
    CodeLineFault.TWO_COLUMNS: "--column says which column has the codes",
    CodeLineFault.UNCLEAR: "--heading or --no-heading says what the first row is",
    CodeLineFault.UNREADABLE: "--encoding says how its bytes are letters",
}
"""Options that may help against a fault."""

ROW_FAULTS: Final[Mapping[RowFault, str]] = {
    RowFault.OPEN_QUOTE: "is not CSV: a quote is never closed",
    RowFault.BARE_QUOTE: "is not CSV: a quote inside quotes must be doubled",
    RowFault.LONG_VALUE: f"is not CSV: a value is longer than {LONGEST_VALUE} characters",
    RowFault.LONG_ROW: f"is longer than {LONGEST_ROW} characters",
    RowFault.UNREADABLE: _NOT_UTF_8,
    RowFault.MISREAD: _MISREAD,
}


def say_product_line(refused: RefusedProductLine) -> str:
    """Why a line of a product file is refused."""
    match refused.fault:
        case RowFault() as fault:
            return ROW_FAULTS[fault]
        case WrongValueCount(values=values, columns=columns):
            return f"has {values} values, not {columns}"
        case RepeatedProduct(product_id=product_id, first_line=first_line):
            return f"product {product_id} is on line {first_line} too"
        case faults:
            return "; ".join(_say_field(fault, refused.columns) for fault in faults)


def _say_field(fault: ProductFault, columns: Mapping[str, int]) -> str:
    column = columns.get(fault.field)
    place = "" if column is None else f" (column {column_letter(column)})"
    return f"{fault.field}{place} {say_product_fault(fault)}"


def say_problem(problem: Problem) -> str:
    """Why something cannot be done; for a problem that no command expects, its name."""
    say = _PROBLEMS.get(type(problem))
    return str(problem) or type(problem).__name__ if say is None else say(problem)


def _say_pattern(problem: PatternRefused) -> str:
    match problem.fault:
        case PatternFault.COUNT:
            return f"1 to {MAX_CODES_ADDED:,} codes can be generated together"
        case PatternFault.NO_GROUP:
            return "a pattern has at least one group of one letter"
        case PatternFault.NOT_A_CODE:
            return (
                "a code has 1 to 30 letters, digits, dashes, underscores and dots, prefix included"
            )
        case PatternFault.ALPHABET:
            return "an alphabet has 2 or more Latin letters and digits, each once"
        case PatternFault.TOO_SHORT:
            return (
                "too easy to guess; add characters: this pattern safely gives"
                f" {problem.generated:,} codes"
            )


def _say_refused_file(problem: CodeFileRefused | ImportRefused) -> str:
    lines = "1 line is" if problem.total == 1 else f"{problem.total:,} lines are"
    return f"nothing was imported: {lines} not valid"


# Each is called with a problem of its class.
_PROBLEMS: Final[Mapping[type[Problem], Callable[[Any], str]]] = {
    PromotionNotFound: lambda problem: f"promotion {problem.promotion_id} not found",
    UnknownProducts: lambda problem: f"products {problem.product_ids} not found",
    NoCodesAllowed: lambda _: "the promotion applies by itself and has no codes",
    NoCodesSent: lambda _: "it has no codes",
    CodesTaken: lambda problem: f"codes {problem.codes} already exist",
    CodeFileRefused: _say_refused_file,
    ImportRefused: _say_refused_file,
    PatternRefused: _say_pattern,
    ParquetUnavailable: lambda _: "Parquet files need pyarrow: install sconto[parquet]",
    NotAName: lambda _: (
        f"a name has 1 to {NAME_LENGTH} characters, is not blank, "
        "and has no control characters; that of a user has no slash"
    ),
    NotAnEmail: lambda problem: f"{problem.email!r} is not an e-mail address",
    EmailTaken: lambda problem: f"another user of the merchant has the address {problem.email}",
    TwoFactorIsOff: lambda _: "the user has no two-factor sign-in",
    UserDisabled: lambda problem: (
        f"{problem.username} is disabled: run `sconto user enable {problem.username}` first"
    ),
    KeyNotFound: lambda problem: f"there is no API key {problem.key!r}: see `sconto key list`",
    TooManyKeys: lambda problem: (
        f"a merchant has at most {problem.most} API keys: revoke one first"
    ),
    WebhookNotFound: lambda problem: f"there is no webhook {problem.webhook_id}",
    NameTaken: lambda problem: f"the name {problem.name!r} is taken",
    MerchantNotFound: lambda problem: (
        f"there is no merchant {problem.name!r}: see `sconto merchant list`"
    ),
    UserNotFound: lambda problem: f"there is no user {problem.username!r}: see `sconto user list`",
    UserAmbiguous: lambda problem: (
        f"several merchants have a user {problem.username!r}: name one with --merchant"
    ),
    PasswordRefused: lambda _: f"a password has {PASSWORD_LENGTH} to {LONGEST_PASSWORD} characters",
    PeriodReversed: lambda _: "its end is before its start",
    TooManyAutomatic: lambda problem: (
        f"at most {problem.most} cart promotions without codes may be active and not over"
    ),
    SubscriptionCodeTaken: lambda problem: f"another promotion has the code {problem.code}",
    MaxUsageTooLow: lambda problem: (
        f"constraint.maxUsage must be at least {problem.usage}: it was redeemed this often"
    ),
    GenerationNotFound: lambda problem: f"generation {problem.generation_id} not found",
}
