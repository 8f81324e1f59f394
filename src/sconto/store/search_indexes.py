"""The expressions by which parts of names and codes are found, and the indexes on them.

A GIN index has pieces of each text: all sequences of three characters of names, of codes pairs of
characters. A text that has all pieces of a part may contain the part, and is read. Each piece is
combined with a merchant and one of SLOTS slots, to which rows belong by their ids. So other
merchants' rows cost nothing, and a part that most texts contain is read from one slot until enough
is found.

PostgreSQL keeps the indexes itself, so earlier rows and those of a concurrent older version are
found too. Expressions use no functions of our own, which a node of a distributed database may lack.

An order writes the row of a one-time code that it uses, and so each index that has the row. That
would cost it a twentieth more, so codes that are used up leave their index (`store.search` says how
they are found).
"""

from typing import Final

from sconto.domain.search import DROPPED

SLOTS: Final = 16

_CODE_LENGTH: Final = 30
"""The longest key of a code."""

_SHORT_CODE_LENGTH: Final = 10
"""Most keys are no longer. PostgreSQL hashes all pairs of the array, even if the key has fewer."""

_RUN_BITS: Final = 12
"""Each run of 4,096 ids of codes has one slot. Codes that are added together have few different
entries then, so PostgreSQL writes them to the index in a third of the time."""


def _seed(row_id: str) -> str:
    """A number for the merchant and the slot of a row."""
    return f"merchant_id * {SLOTS} + (hashint8({row_id}) & {SLOTS - 1})"


def _pairs_of_code() -> str:
    """Hashes of a key of a code, in pairs of characters. The seed is part of the hash."""
    seed = f"merchant_id * {SLOTS} + ((code_id >> {_RUN_BITS}) & {SLOTS - 1})"

    def hashes(length: int) -> str:
        return ", ".join(
            f"hashtextextended(substr(code_key, {place}, 2), {seed})"
            for place in range(1, length, 2)
        )

    return (
        f"((CASE WHEN length(code_key) <= {_SHORT_CODE_LENGTH} "
        f"THEN ARRAY[{hashes(_SHORT_CODE_LENGTH)}] ELSE ARRAY[{hashes(_CODE_LENGTH)}] END)"
        "[:length(code_key) / 2])"
    )


def folded(column: str) -> str:
    """`domain.search.fold_name` of a folded name."""
    dropped = "".join(f"\\u{first:04X}-\\u{last:04X}" for first, last in DROPPED)
    return f"lower(regexp_replace(normalize({column}, NFKD), '[{dropped}]', '', 'g'))"


def spread(column: str) -> str:
    """The folded name with two blanks before each word."""
    return f"('  ' || regexp_replace({folded(column)}, '\\s+', '  ', 'g'))"


def _trigrams_of_name(column: str, row_id: str) -> str:
    """The trigrams of a name, each with its seed.

    A text is cut into pieces of three characters, from its first, second and third character on. No
    name has a line feed.
    """
    piece = f"'\\1 ' || {_seed(row_id)} || E'\\n'"
    cut = " || ".join(
        f"regexp_replace(substr({spread(column)}, {start}), '(...)(..?$)?', {piece}, 'g')"
        for start in (1, 2, 3)
    )
    return f"string_to_array(rtrim({cut}, E'\\n'), E'\\n')"


CODE_PARTS: Final = _pairs_of_code()
PROMOTION_PARTS: Final = _trigrams_of_name("name_folded", "promotion_id")
PRODUCT_PARTS: Final = _trigrams_of_name("name_folded", "product_id")

SUBSCRIPTION_TEXT: Final = "(name_folded || ' ' || code_key)"
SUBSCRIPTION_PARTS: Final = _trigrams_of_name(SUBSCRIPTION_TEXT, "promotion_id")

# New entries first wait in a list, which every search reads whole. So the list is kept short where
# many rows are written together, and there is none where few are.
_BRIEFLY: Final = "WITH (gin_pending_list_limit = 512)"
_AT_ONCE: Final = "WITH (fastupdate = off)"

SEARCH_INDEXES: Final = {
    "codes_by_pair": (
        f"codes USING gin (({CODE_PARTS})) {_BRIEFLY} WHERE removed_at IS NULL AND used_at IS NULL"
    ),
    "promotions_by_part": (
        f"promotions USING gin (({PROMOTION_PARTS})) {_AT_ONCE} WHERE deleted_at IS NULL"
    ),
    "subscription_promotions_by_part": (
        f"subscription_promotions USING gin (({SUBSCRIPTION_PARTS})) {_AT_ONCE}"
        " WHERE archived_at IS NULL"
    ),
    "products_by_part": (
        f"products USING gin (({PRODUCT_PARTS})) {_BRIEFLY} WHERE deleted_at IS NULL"
    ),
    "promotions_by_start": (
        "promotions (merchant_id, starts_at, promotion_id) WHERE deleted_at IS NULL"
    ),
}
"""The indexes of schema 0023: for searches, and for promotions in the order of their starts.

That of codes is of schema 0035.
"""


def code_slots(first: str, second: str) -> str:
    """A row for each slot, with the hashes that a code of the slot has.

    The pairs of a part may begin at its first or at its second character. Merchant $1.
    """
    return f"""(
        SELECT slot, ARRAY({_hashes(first)}) AS first, ARRAY({_hashes(second)}) AS second
        FROM generate_series(0, {SLOTS - 1}) AS slot OFFSET 0
    )"""  # noqa: S608  # of our own constants


def _hashes(pairs: str) -> str:
    return f"""SELECT hashtextextended(pair COLLATE "C", $1::bigint * {SLOTS} + slot)
            FROM unnest({pairs}::text[]) AS pair"""  # noqa: S608  # of our own constants


def name_slots(keys: str) -> str:
    """A row for each slot, with the trigrams that a name of the slot has. Merchant $1."""
    return f"""(
        SELECT slot, ARRAY(
            SELECT part || ' ' || ($1::bigint * {SLOTS} + slot) FROM unnest({keys}::text[]) AS part
        ) AS keys
        FROM generate_series(0, {SLOTS - 1}) AS slot OFFSET 0
    )"""  # noqa: S608  # of our own constants
