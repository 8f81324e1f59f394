"""History, which nothing changes, and the codes that are being generated."""

from alembic import op

revision = "0004"
down_revision = "0003"

HISTORY = """
-- Who changed what and when. `user_id` 0 is the command line; the name is the user's of that day.
CREATE TABLE history (
    merchant_id bigint NOT NULL,
    entry_id bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL,
    user_id bigint NOT NULL,
    username text COLLATE "C",
    subject text COLLATE "C" NOT NULL
        CHECK (subject IN ('promotion', 'subscription promotion', 'user')),
    subject_id bigint NOT NULL,
    verb text COLLATE "C" NOT NULL,
    before json,
    after json,
    PRIMARY KEY (merchant_id, entry_id)
);
CREATE INDEX history_of_subject ON history (merchant_id, subject, subject_id, entry_id);
CREATE INDEX history_by_subject ON history (merchant_id, subject, entry_id);

CREATE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is never changed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER history_is_kept BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history();
CREATE TRIGGER history_is_not_emptied BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();
"""

GENERATIONS = """
-- Codes that somebody asked to be generated, and how far that is; an open row is a job, and the
-- lock on it is the claim of the worker that is at it. `ending` says how it was finished.
CREATE TABLE code_generations (
    merchant_id bigint NOT NULL,
    generation_id bigint GENERATED ALWAYS AS IDENTITY,
    promotion_id bigint NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    group_count smallint NOT NULL,
    group_length smallint NOT NULL,
    alphabet text COLLATE "C" NOT NULL,
    wanted integer NOT NULL,
    made integer NOT NULL DEFAULT 0,
    user_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    ending text COLLATE "C" CHECK (ending IN ('complete', 'promotion gone', 'pattern used up')),
    PRIMARY KEY (merchant_id, generation_id),
    FOREIGN KEY (merchant_id, promotion_id) REFERENCES promotions,
    CHECK (made BETWEEN 0 AND wanted),
    CHECK ((finished_at IS NULL) = (ending IS NULL))
);
CREATE INDEX open_code_generations ON code_generations (merchant_id, generation_id)
    WHERE finished_at IS NULL;
CREATE INDEX code_generations_of_promotion
    ON code_generations (merchant_id, promotion_id, generation_id);
"""


def upgrade() -> None:
    """Create the tables."""
    for statements in (HISTORY, GENERATIONS):
        op.execute(statements)
