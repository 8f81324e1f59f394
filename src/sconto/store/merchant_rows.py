r"""All rows of one merchant: written to a file, and loaded into another database.

The file consists of lines of text. The first is a JSON object with the schema's version, the
merchant's id and name. For each table follow a JSON object with the table's name and columns, its
rows as PostgreSQL's COPY writes them, and a line `\.`. The last line is a JSON object with the
number of rows and the SHA-256 of all lines before it, so a file that was cut off is refused.

Ids stay the same: orders, codes and the digests of past customers contain them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import IO, Any, Final

import psycopg
from psycopg import sql

from sconto.store.administration import connect, one_line
from sconto.store.database import DatabaseUnavailable
from sconto.store.distribution import is_distributed
from sconto.store.schema import MoveRefused

FORMAT: Final = 1

_END_OF_ROWS: Final = b"\\.\n"

Connection = psycopg.Connection[tuple[Any, ...]]

_VERSION: Final = "SELECT version_num FROM alembic_version"

# The rows are read in the order of the primary key, so that two readings can be compared.
_TABLES: Final = """
SELECT relname,
    ARRAY(
        SELECT attname::text FROM pg_attribute
        WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum
    ),
    ARRAY(
        SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS part (number, place)
        JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = part.number
        ORDER BY place
    )
FROM pg_class
JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND EXISTS (
    SELECT FROM pg_attribute
    WHERE attrelid = pg_class.oid AND attname = 'merchant_id' AND NOT attisdropped
)
ORDER BY relname
"""

_FOREIGN_KEYS: Final = """
SELECT DISTINCT child.relname, parent.relname
FROM pg_constraint
JOIN pg_class AS child ON child.oid = conrelid
JOIN pg_class AS parent ON parent.oid = confrelid
WHERE contype = 'f' AND child.relnamespace = 'public'::regnamespace
"""

_FIND: Final = "SELECT merchant_id, name FROM merchants WHERE name = %s"

_TAKEN: Final = "SELECT merchant_id, name FROM merchants WHERE merchant_id = %s OR name = %s"

_IDENTITIES: Final = """
SELECT relname, attname, pg_get_serial_sequence(relname, attname)
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attidentity <> ''
    AND EXISTS (
        SELECT FROM pg_attribute AS other
        WHERE other.attrelid = pg_class.oid AND other.attname = 'merchant_id'
    )
ORDER BY relname
"""

# A running service reads the keys that changed recently.
_SHOW_KEYS: Final = "UPDATE api_keys SET changed_at = clock_timestamp() WHERE merchant_id = %s"


@dataclass(frozen=True, slots=True)
class MovedMerchant:
    """A merchant in a file, and how many rows it has there."""

    merchant_id: int
    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: Sequence[str]
    key: Sequence[str]


class _Summing:
    """Writes lines to a file, and computes their checksum."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.rows = 0

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        if self._file is not None:
            self._file.write(data)


def export_merchant(url: str, name: str, file: IO[bytes]) -> MovedMerchant:
    """Write all rows of a merchant to a file.

    They are read twice, and must be the same: MoveRefused says that they were written meanwhile.
    Raises MoveRefused for an unknown merchant, and DatabaseUnavailable.
    """
    with _transaction(url, read_only=True) as connection:
        found = connection.execute(_FIND, [name]).fetchone()
        if found is None:
            raise MoveRefused(f"no merchant is called {name}")
        merchant = MovedMerchant(found[0], found[1], 0)
        written = _Summing(file)
        _write(connection, merchant, written)
    with _transaction(url, read_only=True) as connection:
        again = _Summing(None)
        _write(connection, merchant, again)
    if again.digest.digest() != written.digest.digest():
        raise MoveRefused(
            f"rows of {name} were written during the export: stop its requests and export it again"
        )
    file.write(_line({"rows": written.rows, "sha256": written.digest.hexdigest()}))
    return MovedMerchant(merchant.merchant_id, merchant.name, written.rows)


def import_merchant(url: str, file: IO[bytes]) -> MovedMerchant:
    """Load a merchant from a file, all or nothing.

    Raises MoveRefused for a file that is not an export or was cut off, for another version of the
    schema, and if an id or the name is taken. Raises DatabaseUnavailable.
    """
    reader = _RowReader(file)
    with _transaction(url, read_only=False) as connection:
        merchant = _read_heading(connection, reader)
        tables = {table.name: table for table in _tables(connection)}
        rows = 0
        while "table" in (heading := reader.read_object()):
            table = tables.get(heading["table"])
            if table is None or sorted(table.columns) != sorted(heading["columns"]):
                raise MoveRefused(f"this database has no table {heading['table']} as in the file")
            rows += _load(connection, table.name, heading["columns"], reader)
        if heading.get("rows") != rows or heading.get("sha256") != reader.sum_before:
            raise MoveRefused("the file was cut off or changed: export the merchant again")
        _advance_sequences(connection, merchant.merchant_id)
        connection.execute(_SHOW_KEYS, [merchant.merchant_id])
    return MovedMerchant(merchant.merchant_id, merchant.name, rows)


@contextmanager
def _transaction(url: str, *, read_only: bool) -> Iterator[Connection]:
    try:
        with connect(url, "sconto merchant") as connection:
            connection.read_only = read_only
            if read_only:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("SET LOCAL statement_timeout = 0")
            # Each node of a distributed database, and every client, writes times in the same form.
            connection.execute("SET LOCAL timezone = 'UTC'")
            connection.execute("SET LOCAL datestyle = 'ISO'")
            yield connection
    except psycopg.errors.UniqueViolation as error:
        raise MoveRefused(
            f"this database has such a row already: {error.diag.message_detail or one_line(error)}"
        ) from error
    except psycopg.errors.DataError as error:
        raise MoveRefused(f"the file was changed: {one_line(error)}") from error
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(one_line(error)) from error
    except psycopg.Error as error:
        raise MoveRefused(f"the database refused it: {one_line(error)}") from error


def _tables(connection: Connection) -> list[_Table]:
    """The tables that have rows of merchants, each after those that it references."""
    tables = {name: _Table(name, *rest) for name, *rest in connection.execute(_TABLES)}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(tables, ()))
    for child, parent in connection.execute(_FOREIGN_KEYS).fetchall():
        if child in tables and parent in tables:
            order.add(child, parent)
    return [tables[name] for name in order.static_order()]


def _write(connection: Connection, merchant: MovedMerchant, out: _Summing) -> None:
    [(version,)] = connection.execute(_VERSION).fetchall()
    out.write(
        _line(
            {
                "sconto_merchant": FORMAT,
                "schema": version,
                "merchant_id": merchant.merchant_id,
                "name": merchant.name,
            }
        )
    )
    for table in _tables(connection):
        out.write(_line({"table": table.name, "columns": table.columns}))
        copy = sql.SQL("COPY (SELECT {} FROM {} WHERE merchant_id = {} ORDER BY {}) TO STDOUT")
        statement = copy.format(
            sql.SQL(", ").join(map(sql.Identifier, table.columns)),
            sql.Identifier(table.name),
            sql.Literal(merchant.merchant_id),
            sql.SQL(", ").join(map(sql.Identifier, table.key)),
        )
        with connection.cursor().copy(statement) as rows:
            for row in rows:
                out.write(bytes(row))
                out.rows += bytes(row).count(b"\n")
        out.write(_END_OF_ROWS)


class _RowReader:
    """Reads the lines of a file. `sum_before` is of all lines before the last one read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.sum_before = ""

    def read_object(self) -> dict[str, Any]:
        """The JSON object of the next line. Raises MoveRefused."""
        line = self._file.readline(1_000_000)
        self.sum_before = self._digest.hexdigest()
        self._digest.update(line)
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise MoveRefused("the file is not an export of a merchant, or was cut off")
        return found

    def read_rows(self) -> Iterator[bytes]:
        """The rows of a table. Raises MoveRefused."""
        while (line := self._file.readline()) != _END_OF_ROWS:
            if not line.endswith(b"\n"):
                raise MoveRefused("the file was cut off: export the merchant again")
            self._digest.update(line)
            yield line
        self._digest.update(line)


def _read_heading(connection: Connection, reader: _RowReader) -> MovedMerchant:
    heading = reader.read_object()
    if heading.get("sconto_merchant") != FORMAT:
        raise MoveRefused("the file is not an export of a merchant")
    [(version,)] = connection.execute(_VERSION).fetchall()
    if heading.get("schema") != version:
        raise MoveRefused(
            f"the file has schema {heading.get('schema')}, and this database {version}: "
            "bring both databases to the same version of Sconto first"
        )
    merchant_id, name = heading.get("merchant_id"), heading.get("name")
    if not isinstance(merchant_id, int) or not isinstance(name, str):
        raise MoveRefused("the file is not an export of a merchant")
    taken = connection.execute(_TAKEN, [merchant_id, name]).fetchone()
    if taken is not None:
        raise MoveRefused(
            f"this database has a merchant {taken[1]} with id {taken[0]}, and the file has "
            f"{name} with id {merchant_id}: ids and names must differ"
        )
    return MovedMerchant(merchant_id, name, 0)


def _load(connection: Connection, table: str, columns: Sequence[str], reader: _RowReader) -> int:
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    loaded = 0
    with connection.cursor().copy(copy) as rows:
        for row in reader.read_rows():
            rows.write(row)
            loaded += 1
    return loaded


def _advance_sequences(connection: Connection, merchant_id: int) -> None:
    """Raise the sequences above the merchant's ids, so that the latest created has the highest.

    Locking the sequence keeps others from drawing between the read and the change. Citus does not
    let its sequences be altered.
    """
    locks = not is_distributed(connection)
    for table, column, sequence in connection.execute(_IDENTITIES).fetchall():
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        sequence_name = sql.SQL(sequence)
        [(highest,)] = connection.execute(
            sql.SQL("SELECT max({column}) FROM {table} WHERE merchant_id = %s").format(**names),
            [merchant_id],
        ).fetchall()
        if highest is None:
            continue
        if locks:
            connection.execute(sql.SQL("ALTER SEQUENCE {} INCREMENT BY 1").format(sequence_name))
        [(following,)] = connection.execute(
            sql.SQL("SELECT last_value + is_called::int FROM {}").format(sequence_name)
        ).fetchall()
        if following <= highest:
            connection.execute("SELECT setval(%s, %s)", [sequence, highest])


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
