"""The limit for orders: pgbench, which writes the same rows as an order of Sconto."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import asyncpg

from bench.machine import pinned
from bench.stage import Stage
from sconto.store.embedded.programs import find_programs

_TPS: Final = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_NUMBER: Final = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)

_VARIABLE: Final = re.compile(r":(?=[A-Za-z_])")

_OF_ORDER: Final = "SELECT * FROM {table} WHERE merchant_id = $1 AND order_id = $2"

_OWN: Final = {
    "order_id": "'pgbench-' || :run || '-' || :client_id || '-' || :number",
    "created_at": "now()",
    "placed_at": "now()",
}
"""Columns whose values differ from one transaction to the next, as they do from order to order."""

# Counters are increased as Sconto does it, each client in its own slot.
_SCRIPT: Final = """
\\set number :number + 1
BEGIN;
INSERT INTO orders {orders};
INSERT INTO redemptions {redemptions};
INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                         currency, day, slot, uses, discount)
VALUES {counts}
ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount;
INSERT INTO open_order_counts AS counts (merchant_id, subject, promotion_id, code_id, currency, day,
                                         slot, orders, beaten, discount, revenue)
VALUES {order_counts}
ON CONFLICT (merchant_id, subject, promotion_id, code_id, currency, day, slot)
DO UPDATE SET orders = counts.orders + excluded.orders,
              discount = counts.discount + excluded.discount,
              revenue = counts.revenue + excluded.revenue;
COMMIT;
"""

_FIRST_NUMBER: Final = 1_000_000_000
"""Of each client. So the ids of a client ascend, as those of a shop do."""


class PgbenchFailed(Exception):
    """pgbench failed; the message is its output."""


class Pgbench:
    """pgbench with a script. It runs on the service's cores, in its place."""

    def __init__(self, stage: Stage, script: str, rows: str) -> None:
        self._stage = stage
        self._script = script
        self._runs = count(1)
        self.rows = rows
        """A description of the rows that a transaction writes."""
        self.transactions = 0
        """How many the last run made."""

    @classmethod
    async def like_an_order(cls, stage: Stage, order_id: str) -> Self:
        """With the rows of this order of the usual shop."""
        merchant_id = stage.usual.merchant_id
        connection = await asyncpg.connect(stage.url)
        try:
            orders, redemptions = [
                await connection.fetch(_OF_ORDER.format(table=table), merchant_id, order_id)
                for table in ("orders", "redemptions")
            ]
        finally:
            await connection.close()
        counts = dict.fromkeys(
            (row["promotion_id"], row["code_id"], row["code_type"], row["applied"])
            for row in redemptions
        )
        of_codes = {promotion_id: code_id for promotion_id, code_id, *_ in counts}
        order_counts = [
            ("discounted", 0, 0),
            *(("promotion", *one) for one in sorted(of_codes.items())),
        ]
        script = _SCRIPT.format(
            orders=_values(orders),
            redemptions=_values(redemptions),
            counts=", ".join(
                f"({merchant_id}, {_literals(counter)}, 'EUR', current_date, :client_id, 1, 1)"
                for counter in sorted(counts)
            ),
            order_counts=", ".join(
                f"({merchant_id}, {_literals(one)}, 'EUR', current_date, :client_id, 1, 0, 1, 1)"
                for one in order_counts
            ),
        )
        rows = (
            f"1 order, {len(redemptions)} redemptions, {len(counts) + len(order_counts)} counters"
        )
        return cls(stage, script, rows)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name, "order.sql")
        self._path.write_text(self._script)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    async def run(self, clients: int, seconds: float) -> float:
        """Transactions a second."""
        # Each statement of the script is prepared once; -T takes whole seconds.
        command = ["-n", "-M", "prepared", "-f", str(self._path), "-c", str(clients), "-j", "1"]
        command += ["-D", f"run={next(self._runs)}", "-D", f"number={_FIRST_NUMBER}"]
        command += ["-T", str(max(1, round(seconds))), self._stage.url]
        with pinned(self._stage.cores.service):
            process = await asyncio.create_subprocess_exec(
                find_programs() / "pgbench",
                *command,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        out, err = await process.communicate()
        said = out.decode()
        rate, number = _TPS.search(said), _NUMBER.search(said)
        if process.returncode != 0 or rate is None or number is None:
            raise PgbenchFailed(err.decode())
        self.transactions = int(number[1])
        return float(rate[1])


def _values(rows: Sequence[asyncpg.Record]) -> str:
    """The columns and the values of an INSERT of these rows, as another order's."""
    columns = [name for name, value in rows[0].items() if value is not None or name in _OWN]
    values = (
        ", ".join(
            _OWN[name] if name in _OWN and row[name] else _literal(row[name]) for name in columns
        )
        for row in rows
    )
    return f"({', '.join(columns)}) VALUES {', '.join(f'({one})' for one in values)}"


def _literals(values: Sequence[object]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: object) -> str:
    """An SQL literal. pgbench takes a colon before a letter for a variable, also within a text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    text = _VARIABLE.sub(": ", str(value).replace("'", "''"))
    return f"'{text}'"
