"""What it means that the database is not there, or not for this."""


class DatabaseUnavailable(Exception):
    """The database could not be reached, or was lost on the way.

    Where it was lost during a commit nobody knows whether the transaction took place; the caller
    finds out by asking again.
    """


class DatabaseReadOnly(DatabaseUnavailable):
    """The database is a replica: only its primary can be written."""
