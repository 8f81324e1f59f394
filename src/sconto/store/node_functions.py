"""The statements that read candidates, as functions on the nodes of a distributed database.

Citus plans a statement on the coordinator each time, which takes a millisecond for that of a quote.
It passes a call of a function that is distributed by merchant on to the merchant's node, which
takes the coordinator a quarter of that. Each function has one statement as its body, so what it
does is what the statement does.

The zone is UTC as in our own sessions, because instants are in the JSON. The name has a digest of
the statement. So several versions of Sconto each call their own functions, and one that finds none
sends the statement.
"""

import hashlib
from typing import Final

from sconto.store import candidate_statements as statements

_PREFIX: Final = "sconto_read_"

FIND_FUNCTIONS: Final = f"""
SELECT proname::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND starts_with(proname::text, '{_PREFIX}')
"""  # noqa: S608  # of our own constants
"""The names of the functions that the database has."""


def _name_of(statement: str) -> str:
    return _PREFIX + hashlib.sha256(statement.encode()).hexdigest()[:24]


NAMES: Final = {
    statement: _name_of(statement)
    for name, statement in vars(statements).items()
    if name.startswith("READ") and isinstance(statement, str) and "json_to_recordset" in statement
}
"""The function of each statement that takes a merchant and a list of carts."""

CALLS: Final = {statement: f"SELECT {name}($1, $2)" for statement, name in NAMES.items()}

# In PL/pgSQL `found` is a variable too.
CREATE: Final = {
    name: f"""
CREATE FUNCTION {name}(merchant bigint, carts json) RETURNS json LANGUAGE plpgsql
SET timezone = 'UTC' AS $body$
#variable_conflict use_column
BEGIN
    RETURN ({statement});
END
$body$
"""
    for statement, name in NAMES.items()
}

DISTRIBUTE: Final = {
    name: f"SELECT create_distributed_function('{name}(bigint, json)', 'merchant',"
    " colocate_with := 'products')"
    for name in CREATE
}
