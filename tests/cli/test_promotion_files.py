"""Promotions as files: exported, planned and applied; everything else stays unchanged."""

import dataclasses
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
from msgspec.structs import replace

from openapi import promotion_file
from sconto.api import promotion_schema
from sconto.api.clock import read_clock
from sconto.cli.promotion_files.yaml_text import read_yaml, write_yaml
from sconto.domain.cart_promotion import Conditions, Limits
from sconto.domain.codes import CodeType
from sconto.domain.coverage import AllProducts, ListedProducts, OwnPercents
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller
from sconto.domain.promotion import PromotionChange, PromotionType
from sconto.operations import cart_promotions, promotions, subscription_promotions
from sconto.operations.products import put_products
from sconto.store.database import Database
from tests.builders import NOON, a_product, a_promotion, subscription_terms, ten_off
from tests.cli.conftest import Ended, Sconto
from tests.conftest import create_caller

TABLES: Final = (
    "promotions",
    "promotion_products",
    "codes",
    "cart_promotions",
    "subscription_promotions",
    "automatic_picks",
    "timeline_versions",
    "history",
)

File = dict[str, Any]


@pytest.fixture
async def ids(database: Database, merchant: Caller) -> dict[str, int]:
    """A merchant with promotions of all kinds: their ids by name."""
    await put_products(
        database, merchant, [a_product(n, name=f"Tea {n}", price=1000) for n in (1, 2, 3)], NOON
    )
    product = (
        a_promotion(name="Sale", coverage=AllProducts(5 * PERCENT)),
        a_promotion(name="Two", coverage=OwnPercents({1: 10 * PERCENT, 2: 12_500_000})),
        a_promotion(
            name="Letter",
            coverage=ListedProducts(20 * PERCENT, (3,)),
            codes=("A-1", "Б-2"),
            code_type=CodeType.ONE_TIME,
        ),
        a_promotion(name="no", active=False, codes=("00012", "1E5")),
    )
    found = {
        new.name: await promotions.create_promotion(database, merchant, new, NOON)
        for new in product
    }
    cart = ten_off("TEN")
    conditions = Conditions({"EUR": 5000}, segments=frozenset({"b", "a"}))
    limits = Limits(total=9, budget={"EUR": 10_000})
    cart = replace(cart, terms=replace(cart.terms, conditions=conditions, limits=limits))
    made = await cart_promotions.create_promotion(database, merchant, cart, NOON)
    meta = '{"exact":1.50,"list":[1,null,"no"]}'
    terms = dataclasses.replace(subscription_terms(), meta=meta)
    trial = await subscription_promotions.create_promotion(database, merchant, terms, NOON)
    return {**found, "Ten off": made.id, "trial": trial.id}


@dataclasses.dataclass(frozen=True)
class PromotionFile:
    """The file `p.yaml` of a merchant's promotions, and the commands about it."""

    sconto: Sconto
    folder: Path
    merchant_name: str

    async def export(self, *options: str) -> File:
        """Export the promotions, and read the file."""
        done = await self._run("export", "--output", "p.yaml", *options)
        assert done.code == 0, done.err
        document: File = read_yaml((self.folder / "p.yaml").read_bytes())
        return document

    def save(self, document: File) -> None:
        (self.folder / "p.yaml").write_text(write_yaml(document))

    async def plan(self) -> Ended:
        return await self._run("plan", "p.yaml")

    async def apply(self, *options: str) -> Ended:
        return await self._run("apply", "p.yaml", *options)

    async def _run(self, command: str, *arguments: str) -> Ended:
        return await self.sconto(
            "promotions", command, *arguments, "--merchant", self.merchant_name
        )


@pytest.fixture
def file(sconto: Sconto, tmp_path: Path, merchant_name: str) -> PromotionFile:
    return PromotionFile(sconto, tmp_path, merchant_name)


async def stored_rows(database: Database, merchant: Caller) -> list[tuple[object, ...]]:
    """The place and the transaction of each row of the merchant."""
    async with database.read() as connection:
        return [
            tuple(row)
            for table in TABLES
            for row in await connection.fetch(
                f"SELECT '{table}', ctid::text, xmin::text FROM {table} WHERE merchant_id = $1"
                " ORDER BY 2",
                merchant.merchant_id,
            )
        ]


async def test_applying_an_export_writes_nothing(
    file: PromotionFile, ids: dict[str, int], merchant: Caller, database: Database
) -> None:
    document = await file.export()
    assert [len(document[section]) for section in list(document)[1:]] == [4, 1, 1]
    before = await stored_rows(database, merchant)
    assert len(before) > 20
    done = await file.apply()
    assert (done.code, done.out) == (
        0,
        "Nothing to change: 6 promotions are as the file says.\nNothing was written.\n",
    )
    assert await stored_rows(database, merchant) == before


async def test_a_plan_shows_differences_and_prices_and_writes_nothing(
    file: PromotionFile, ids: dict[str, int], merchant: Caller, database: Database
) -> None:
    document = await file.export()
    sale, _, letter, _ = document["product_promotions"]
    sale["discounts"]["discount_percent"] = "7.5"
    letter["coupons"]["coupon_code"] = ["A-1", "NEW"]
    letter["coupons"]["discount_percent"] = "50"
    file.save(document)
    before = await stored_rows(database, merchant)
    done = await file.plan()
    assert done.code == 0
    assert f"~ product promotion {ids['Sale']} 'Sale'\n" in done.out
    assert "    discounts.discount_percent: 5 → 7.5\n" in done.out
    assert "    coupons.coupon_code: 1 added (NEW), 1 removed (Б-2)\n" in done.out
    assert "1 cheaper, 0 dearer\n    3 Tea 3: 9.50 → 9.25 EUR\n" in done.out
    assert "with the code A-1" in done.out
    assert "    3 Tea 3: 8.00 → 5.00 EUR\n" in done.out
    assert await stored_rows(database, merchant) == before
    plan = done.out.rpartition("Plan ")[2].partition(":")[0]
    other = await file.apply("--plan", "00000000")
    assert other.code == 1
    assert f"the plan is no longer 00000000 but {plan}" in other.err
    applied = await file.apply("--plan", plan)
    assert (applied.code, applied.out.splitlines()[-1]) == (0, "Applied.")
    after = await promotions.get_promotion(database, merchant, ids["Letter"])
    assert after.terms.codes == ("A-1", "NEW")
    again = await file.apply()
    assert again.out.endswith("Nothing was written.\n")


async def test_a_file_without_ids_copies_promotions_to_an_empty_merchant(
    file: PromotionFile, ids: dict[str, int], database: Database
) -> None:
    original = await file.export("--without-ids")
    other = await create_caller(database)
    async with database.read() as connection:
        name = await connection.fetchval(
            "SELECT name FROM merchants WHERE merchant_id = $1", other.merchant_id
        )
    await put_products(database, other, [a_product(n) for n in (1, 2, 3)], NOON)
    copy = dataclasses.replace(file, merchant_name=name)
    done = await copy.apply()
    assert (done.code, done.out.splitlines()[-1]) == (0, "Applied."), done.err
    assert "6 new" in done.out
    again = await copy.apply()
    assert again.out.endswith("Nothing was written.\n")
    assert await copy.export("--without-ids") == original


async def test_edits_after_the_export_are_not_overwritten(
    file: PromotionFile, ids: dict[str, int], merchant: Caller, database: Database
) -> None:
    document = await file.export()
    document["product_promotions"][0]["status"] = False
    document["cart_promotions"][0]["priority"] = 5
    file.save(document)
    done = await file.apply()
    assert done.code == 0, "the file's own changes are no one else's"
    renamed = PromotionChange(PromotionType.DISCOUNT, name="Portal")
    await promotions.change_promotion(database, merchant, ids["Sale"], renamed, read_clock())
    refused = await file.apply()
    assert refused.code == 1
    assert "edited by test-" in refused.out
    assert "users edited promotions after the file was exported" in refused.err
    found = await promotions.get_summary(database, merchant, ids["Sale"])
    assert found.name == "Portal"
    assert (await file.apply("--overwrite")).code == 0
    assert (await promotions.get_summary(database, merchant, ids["Sale"])).name == "Sale"


async def test_one_refused_promotion_refuses_all(
    file: PromotionFile, ids: dict[str, int], merchant: Caller, database: Database
) -> None:
    document = await file.export()
    document["product_promotions"][0]["status"] = False
    document["product_promotions"].append(
        {
            "promotion_type": "discount",
            "promotion_name": "Lamps",
            "discounts": {"discount_percent": "5", "product_id": [99]},
        }
    )
    file.save(document)
    before = await stored_rows(database, merchant)
    refused = await file.apply()
    assert refused.code == 1
    assert refused.err == (
        "sconto: nothing was changed: product promotion 'Lamps': products (99,) not found\n"
    )
    assert await stored_rows(database, merchant) == before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: *b", "line 1: aliases such as *name are not allowed"),
        ("format: 1\nformat: 1", "line 2: the name 'format' is given twice"),
        ("format: 1\na: [", "line 3: did not find expected node content"),
        ("- 1", "must be an object with lists of promotions"),
        ("format: 2\ncarts: []", "format must be 1"),
        ("format: 1\ncart_promotions: [1]", "cart_promotions[0] must be an object"),
        ("format: 1\ncart_promotions: [{id: x}]", "has an id that is not a number from 1"),
        ("format: 1\ncart_promotions: [{id: 9}]", "there is no cart promotion 9: leave out the id"),
        ("format: 1\ncart_promotions: [{name: 2026-01-01, target: lines}]", "/benefit is missing"),
        ("format: 1\nproduct_promotions: [{}]", "11010 Invalid field value: promotion_type"),
        (
            "format: 1\nproduct_promotions: [{coupons: {coupon_code: {file: ../x}}}]",
            "coupon_code must be a list of codes, or a file in a folder next to this one",
        ),
        ("!!python/object:os.system {}", "the tag tag:yaml.org,2002:python/object"),
        ("[" * 40 + "]" * 40, "is nested deeper than 32"),
    ],
)
async def test_an_invalid_file_is_refused_with_each_fault_and_its_place(
    file: PromotionFile, text: str, fault: str
) -> None:
    (file.folder / "p.yaml").write_text(text)
    refused = await file.apply()
    assert refused.code == 1
    assert refused.err.startswith("p.yaml: ")
    assert fault in refused.err
    assert refused.err.endswith("sconto: nothing was changed: the file is not valid\n")


async def test_long_lists_of_codes_are_in_separate_files(
    file: PromotionFile, merchant: Caller, database: Database
) -> None:
    codes = tuple(f"CODE-{n}" for n in range(101))
    new = a_promotion(name="Many", codes=codes)
    promotion_id = await promotions.create_promotion(database, merchant, new, NOON)
    document = await file.export()
    entry = document["product_promotions"][0]
    assert entry["coupons"]["coupon_code"] == {"file": f"p-codes/{promotion_id}.csv"}
    assert (await file.apply()).out.endswith("Nothing was written.\n")
    codes_file = file.folder / "p-codes" / f"{promotion_id}.csv"
    codes_file.write_text(codes_file.read_text() + "EXTRA\n")
    assert "1 added (EXTRA)" in (await file.apply()).out
    codes_file.write_text("NOT A CODE\nCODE-1\nCODE-1\n")
    refused = await file.apply()
    assert f"{promotion_id}.csv: line 1 has a blank" in refused.err
    assert f"{promotion_id}.csv: line 3 has the code of an earlier line" in refused.err
    del entry["coupons"]["coupon_code"]
    entry["coupons"]["discount_percent"] = "11"
    file.save(document)
    assert (await file.apply()).code == 0
    kept = await promotions.get_promotion(database, merchant, promotion_id)
    assert kept.terms.codes == (*codes, "EXTRA")
    assert kept.terms.coverage == AllProducts(11 * PERCENT)


async def test_pruning_deletes_promotions_that_the_file_lacks(
    file: PromotionFile, ids: dict[str, int]
) -> None:
    file.save({"format": 1})
    kept = await file.plan()
    assert "product promotion" in kept.out
    assert "is not in the file, and stays" in kept.out
    pruned = await file.apply("--prune")
    assert "6 deleted" in pruned.out
    document = await file.export()
    assert all(document[section] == [] for section in list(document)[1:])


async def test_an_export_fits_the_schema_and_the_schema_is_up_to_date(
    file: PromotionFile, ids: dict[str, int]
) -> None:
    assert promotion_schema.read_text() == promotion_file.written(), "run `make openapi`"
    printed = (await file.sconto("promotions", "schema")).out
    validator = jsonschema_rs.validator_for(printed)
    await file.export()
    document = read_yaml((file.folder / "p.yaml").read_bytes().replace(b"exact: 1.50", b"exact: 2"))
    assert list(validator.iter_errors(document)) == []
    document["cart_promotions"][0]["targets"] = "lines"
    assert "targets" in str(list(validator.iter_errors(document)))
