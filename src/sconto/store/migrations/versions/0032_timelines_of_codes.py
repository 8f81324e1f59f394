"""Timelines of codes that very many promotions have, and indexes of automatic promotions.

It only adds, so the previous version may run meanwhile. `drawn_version` is the price version for
which the timelines of a merchant are true. The previous version renews the price version alone, so
after its edits nothing is read from the timelines until they are drawn again
(`code_timelines`). They are drawn when a cart first has such a code: nothing has to be filled here.
The indexes are created here only on a small table (`indexes_while_serving`).
"""

from alembic import op
from sqlalchemy import text

from sconto.store import indexes_while_serving
from sconto.store.indexes_while_serving import create_statement, table_of
from sconto.store.revealed import AUTOMATIC_INDEXES

revision = "0032"
down_revision = "0031"

# `one_time` has the promotions whose codes of this text are one-time. They are on no timeline.
# A code that is not drawn has too much for timelines.
CODES = """
CREATE TABLE crowded_codes (
    merchant_id bigint NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    is_drawn boolean NOT NULL,
    one_time bigint[] NOT NULL,
    PRIMARY KEY (merchant_id, code_key)
);

-- As `automatic_picks`. Product 0 stands for all products; those below 0 for states of promotions
-- (`domain/code_timeline.py`).
CREATE TABLE code_picks (
    merchant_id bigint NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    by_percent boolean NOT NULL,                   -- the highest percent wins; else the latest
    product_id bigint NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    promotion_id bigint NOT NULL,
    percent bigint NOT NULL,
    PRIMARY KEY (merchant_id, code_key, by_percent, product_id, starts_at)
);
CREATE INDEX code_picks_of_promotion ON code_picks (merchant_id, promotion_id);
"""

VERSIONS = "ALTER TABLE timeline_versions ADD COLUMN drawn_version bigint;"

SIZE = text("SELECT pg_table_size(to_regclass(:name))")


def upgrade() -> None:
    """Add the tables and the column, and the indexes where that takes no time."""
    for statements in (CODES, VERSIONS):
        op.execute(statements)
    for name in AUTOMATIC_INDEXES:
        size = op.get_bind().scalar(SIZE, {"name": table_of(name)})
        if size < indexes_while_serving.SMALL_TABLE:
            op.execute(create_statement(name))
