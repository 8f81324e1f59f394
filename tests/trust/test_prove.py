"""`sconto prove` finds nothing in Sconto, and finds each of several deliberate flaws."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from typer.testing import CliRunner, Result

from sconto.cli import app, prove
from tests import forks
from tests.conftest import SECRET_KEY
from tests.services import environment_of, run_command

FORGETS = """
from sconto.store import orders
for name, sent in orders._ON_NODES.items():
    if name[0] in {names}:
        assert {limit!r} in sent.statement
        sent.statement = sent.statement.replace({limit!r}, "")
"""

FORGETS_THAT_CODES_ARE_USED = FORGETS.format(
    names=("codes",), limit="AND coalesce(used_at, removed_at, held_until) IS NULL"
)

FORGETS_THE_TOTAL = FORGETS.format(
    names=("limits",), limit="WHERE known.taken + known.amount <= known.most"
)

# For merchants with holds: what others hold counts as free, and an order is priced again.
FORGETS_HOLDS = """
from sconto.store import holds, orders
held = "AND (held_until IS NULL OR held_until <= $3 OR held_for = $2)"
making = holds._HOLD_ON_NODE
making.statement = making.statement.replace("- lapsed - mine", "- known.held")
ordering = [sent for name, sent in orders._ON_NODES.items() if name[0] == "with holds"]
for sent in (making, *ordering):
    assert held in sent.statement
    sent.statement = sent.statement.replace(held, "")
from sconto.operations import checkout
checkout.keeps_promise = lambda *_: False
"""

FORGETS_THE_LIMIT = """
from sconto.store import subscription_applications as store
limit = "AND usage < max_usage"
sent = store._LIMITED_ON_NODE
assert limit in sent.statement
sent.statement = sent.statement.replace(limit, "")
"""

GIVES_BACK_TWICE = """
import dataclasses
from sconto.operations import checkout
from sconto.store import giving_back
limit = "AND order_id = $2 AND gave_back_at IS NULL"
assert limit in giving_back._GIVE_BACK
giving_back._GIVE_BACK = giving_back._GIVE_BACK.replace(limit, "AND order_id = $2")
update_status = checkout.update_status

async def hide_giving_back(*arguments, **options):
    return dataclasses.replace(await update_status(*arguments, **options), gave_back=False)

checkout.update_status = hide_giving_back
"""

COUNTS_RETRIES = """
from sconto.operations import checkout
place_order = checkout.place_order

async def count_again(database, caller, *rest):
    placed = await place_order(database, caller, *rest)
    if not placed.created:
        async with database.write() as connection:
            await connection.execute(
                "UPDATE redemption_counts SET uses = uses + 1 WHERE merchant_id = $1",
                caller.merchant_id,
            )
    return placed

checkout.place_order = count_again
"""


def settings_for(url: str) -> dict[str, str]:
    return {"SCONTO_DATABASE_URL": url, "SCONTO_SECRET_KEY": SECRET_KEY.decode()}


@contextmanager
def flawed_service(database_url: str, flaw: str) -> Iterator[str]:
    """The address of a service that starts with a flaw."""
    process = forks.start(
        ["serve", "--port", "0"],
        environment_of(settings_for(database_url)),
        program=f"{flaw}\n{forks.SCONTO}",
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process.stdout.readline().split()[-1]
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)


OPTIONS = ("prove", "--seconds", "1", "--clients", "8")


def run_prove(database_url: str, address: str) -> Result:
    """What `sconto prove` finds on the service at an address."""
    return CliRunner().invoke(app, [*OPTIONS, "--url", address], env=settings_for(database_url))


def test_no_race_breaks_sconto(create_database: Callable[[], str]) -> None:
    proof = run_command(settings_for(create_database()), *OPTIONS)
    assert (proof.returncode, proof.stderr) == (0, ""), proof.stdout
    assert "BROKEN" not in proof.stdout
    # The callers of a race really ran concurrently.
    raced = re.findall(r"^held    \D+ ([1-9]\d*) +(\d+)$", proof.stdout, re.MULTILINE)
    assert len(raced) == 24
    *attacks, _ = raced
    assert [attempts for attempts, _ in attacks] == [overlapping for _, overlapping in attacks]


@pytest.mark.plain_postgresql("the flaws are in statements that nodes have as functions")
@pytest.mark.parametrize(
    ("damage", "flaw", "broken"),
    [
        (
            "ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE;"
            " ALTER TABLE returns DROP CONSTRAINT returns_pkey",
            "",
            (
                "one order id, two carts",
                "An order id names one order",
                "the last units, many returns",
                "No unit of an order is returned twice",
            ),
        ),
        (
            "SELECT 1",
            FORGETS_THAT_CODES_ARE_USED + FORGETS_HOLDS,
            (
                "one one-time code, many orders",
                "A one-time code serves one order",
                "limits, holds and orders",
                "promotions changed after holds",
            ),
        ),
        (
            "ALTER TABLE subscription_promotions DROP CONSTRAINT subscription_promotions_check",
            FORGETS_THE_LIMIT + FORGETS_THE_TOTAL,
            (
                "a cart promotion at its total",
                "a subscription code at its limit",
                "Subscription codes are counted as often as applied, within the limit",
            ),
        ),
        (
            "SELECT 1",
            COUNTS_RETRIES + GIVES_BACK_TWICE,
            (
                "the same order, many times",
                "Counters are the sum of the redemptions",
                "deletions that give back",
                "Allowances are what the orders that count took",
            ),
        ),
    ],
    ids=["index", "code", "limit", "retry"],
)
def test_each_flaw_is_found_by_the_race_and_by_the_comparison(
    create_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
    flaw: str,
    broken: tuple[str, ...],
) -> None:
    # The others would hold, as the test above shows.
    attacks = {name: one for name, one in prove._ALL_ATTACKS.items() if name in broken}
    assert len(attacks) >= 2
    monkeypatch.setattr(prove, "_ALL_ATTACKS", attacks)
    url = create_database()
    with psycopg.connect(url) as connection:
        connection.execute(damage.encode())
    with flawed_service(url, flaw) as address:
        # On a busy machine a second has few races, and a race can go well by chance.
        for _ in range(5):
            proof = run_prove(url, address)
            if all(f"BROKEN  {name}" in proof.stdout for name in broken):
                break
    assert proof.exit_code == 1, proof.stdout + proof.stderr
    for name in broken:
        assert f"BROKEN  {name}" in proof.stdout


def test_a_service_on_another_database_is_reported(create_database: Callable[[], str]) -> None:
    with flawed_service(create_database(), "") as address:
        proof = run_prove(create_database(), address)
    assert proof.exit_code == 1
    assert proof.stderr == f"sconto: {address} does not know a new user: it has another database\n"


def test_an_unreachable_service_is_reported(create_database: Callable[[], str]) -> None:
    proof = run_prove(create_database(), "http://127.0.0.1:9")
    assert proof.exit_code == 1
    assert proof.stderr == "sconto: http://127.0.0.1:9 does not answer\n"
