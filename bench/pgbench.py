"""The limit for orders: pgbench, which writes the same rows as an order of Sconto."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import asyncpg

from bench.machine import pinned
from bench.stage import Stage
from sconto.store.embedded.programs import find_programs

_TPS: Final = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)

_VARIABLE: Final = re.compile(r":(?=[A-Za-z_])")

_ROWS: Final = {
    "orders": "SELECT merchant_id, status, created_at, outcome::text AS outcome FROM orders",
    "redemptions": (
        "SELECT merchant_id, product_id, promotion_id, code_id, code_type, applied, discount"
        " FROM redemptions"
    ),
}

# Counters are increased as Sconto does it, each client in its own slot.
_SCRIPT: Final = """
\\set number random(1, 9000000000000000000)
BEGIN;
INSERT INTO orders (merchant_id, order_id, status, created_at, outcome)
VALUES ({order_head}, 'pgbench-' || :number, {order_tail});
INSERT INTO redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type,
                         applied, discount)
VALUES {redemptions};
INSERT INTO redemption_counts AS counts (merchant_id, promotion_id, code_id, code_type, applied,
                                         currency, day, slot, uses, discount)
VALUES {counts}
ON CONFLICT (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot)
DO UPDATE SET uses = counts.uses + excluded.uses, discount = counts.discount + excluded.discount;
COMMIT;
"""


class PgbenchFailed(Exception):
    """pgbench failed; the message is its output."""


class Pgbench:
    """pgbench with a script. It runs on the service's cores, in its place."""

    def __init__(self, stage: Stage, script: str, rows: str) -> None:
        self._stage = stage
        self._script = script
        self.rows = rows
        """A description of the rows that a transaction writes."""

    @classmethod
    async def like_an_order(cls, stage: Stage, order_id: str) -> Self:
        """With the rows of this order of the usual shop."""
        merchant_id = stage.usual.merchant_id
        connection = await asyncpg.connect(stage.url)
        try:
            where = " WHERE merchant_id = $1 AND order_id = $2"
            [order] = await connection.fetch(_ROWS["orders"] + where, merchant_id, order_id)
            redemptions = await connection.fetch(
                _ROWS["redemptions"] + where, merchant_id, order_id
            )
        finally:
            await connection.close()
        counts = dict.fromkeys(
            (row["promotion_id"], row["code_id"], row["code_type"], row["applied"])
            for row in redemptions
        )
        script = _SCRIPT.format(
            order_head=merchant_id,
            order_tail=_literals([order["status"], order["created_at"], order["outcome"]]),
            redemptions=", ".join(
                f"({merchant_id}, 'pgbench-' || :number, {_literals(list(row)[1:])})"
                for row in redemptions
            ),
            counts=", ".join(
                f"({merchant_id}, {_literals(counter)}, 'EUR', current_date, :client_id, 1, 1)"
                for counter in sorted(counts)
            ),
        )
        rows = f"1 order, {len(redemptions)} redemptions, {len(counts)} counters"
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
        command += ["-T", str(max(1, round(seconds))), self._stage.url]
        with pinned(self._stage.cores.service):
            process = await asyncio.create_subprocess_exec(
                find_programs() / "pgbench",
                *command,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        out, err = await process.communicate()
        found = _TPS.search(out.decode())
        if process.returncode != 0 or found is None:
            raise PgbenchFailed(err.decode())
        return float(found[1])


def _literals(values: Sequence[object]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: object) -> str:
    """An SQL literal. pgbench takes a colon before a letter for a variable, also within a text."""
    if isinstance(value, bool | int):
        return str(value)
    text = _VARIABLE.sub(": ", str(value).replace("'", "''"))
    return f"'{text}'"
