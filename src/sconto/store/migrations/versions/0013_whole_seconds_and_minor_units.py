"""Ends in whole seconds include their second, and prices have all the decimals of ISO 4217.

Both only add, so the previous version may serve meanwhile. It draws timelines whose spans end, and
begin, a microsecond after a whole second: a trigger turns them into those of this version. It reads
and writes prices of the thirteen currencies in whole units, as `stored_amounts` explains.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

PRICES = """
-- In minor units, where `price`, which is in whole units, leaves out a fraction. It counts while
-- both agree: an older version changes `price` alone.
ALTER TABLE products ADD COLUMN exact_price bigint CHECK (exact_price >= 0);
"""

# Each write of a promotion locks its merchant first and the timeline later, and so does this.
TIMELINES = """
SELECT FROM merchants ORDER BY merchant_id FOR NO KEY UPDATE;

CREATE FUNCTION include_last_second() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.starts_at = date_trunc('second', NEW.starts_at) + interval '1 microsecond' THEN
        NEW.starts_at := date_trunc('second', NEW.starts_at) + interval '1 second';
    END IF;
    IF NEW.ends_at = date_trunc('second', NEW.ends_at) + interval '1 microsecond' THEN
        NEW.ends_at := date_trunc('second', NEW.ends_at) + interval '1 second';
    END IF;
    -- What was shown between the end of a second and its last microsecond is shown no more.
    RETURN CASE WHEN NEW.ends_at <= NEW.starts_at THEN NULL ELSE NEW END;
END
$$;
CREATE TRIGGER last_seconds_are_included BEFORE INSERT ON automatic_picks FOR EACH ROW
    WHEN (NEW.starts_at = date_trunc('second', NEW.starts_at) + interval '1 microsecond'
        OR NEW.ends_at = date_trunc('second', NEW.ends_at) + interval '1 microsecond')
    EXECUTE FUNCTION include_last_second();

DELETE FROM automatic_picks
WHERE starts_at = date_trunc('second', starts_at) + interval '1 microsecond'
    AND ends_at <= date_trunc('second', starts_at) + interval '1 second';

UPDATE automatic_picks
SET starts_at = CASE
        WHEN starts_at = date_trunc('second', starts_at) + interval '1 microsecond'
        THEN date_trunc('second', starts_at) + interval '1 second' ELSE starts_at END,
    ends_at = CASE
        WHEN ends_at = date_trunc('second', ends_at) + interval '1 microsecond'
        THEN date_trunc('second', ends_at) + interval '1 second' ELSE ends_at END
WHERE starts_at = date_trunc('second', starts_at) + interval '1 microsecond'
    OR ends_at = date_trunc('second', ends_at) + interval '1 microsecond';

-- What was cached of the timelines is read again.
UPDATE timeline_versions SET version = hashtextextended(gen_random_uuid()::text, 0);
"""


def upgrade() -> None:
    """Add the column, and redraw the timelines."""
    op.execute(PRICES)
    op.execute(TIMELINES)
