"""A function that reads a merchant's newest price version, whatever the caller's snapshot shows.

It only adds a function, so the previous version may serve meanwhile.
"""

from alembic import op

revision = "0029"
down_revision = "0027"

# A volatile function takes a new snapshot for each of its queries. So it sees what was committed
# after the calling statement began.
STATEMENTS = """
CREATE FUNCTION newest_price_version(merchant bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (SELECT price_version FROM timeline_versions WHERE merchant_id = merchant);
END
$$;
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(STATEMENTS)
