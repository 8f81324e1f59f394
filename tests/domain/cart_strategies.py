"""Random bills and cart promotions for the model."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

amounts = st.integers(1, 6000).map(lambda cents: Fraction(cents, 100))
by_currency = amounts.map(lambda amount: {"EUR": amount}) | st.just({"USD": Fraction(1)})
mostly_euros = st.one_of(*[amounts.map(lambda amount: {"EUR": amount})] * 9, by_currency)
percents = st.sampled_from(
    [
        Fraction(1, 3_000_00),
        Fraction(10),
        Fraction(25, 2),
        Fraction(33),
        Fraction(50),
        Fraction(100),
    ]
).map(lambda number: Fraction(int(number * 1_000_000), 1_000_000))
tags = st.sets(st.sampled_from(["red", "sale", "shoe"]), max_size=2)
ids = st.sets(st.integers(1, 5), min_size=1, max_size=3)
selections = st.none() | st.fixed_dictionaries(
    {}, optional={"ids": ids, "tags": tags, "except_ids": ids, "except_tags": tags}
)
percent_off = st.fixed_dictionaries(
    {"type": st.just("percent"), "percent": percents}, optional={"at_most": mostly_euros}
)
amount_off = st.fixed_dictionaries({"type": st.just("amount"), "amounts": mostly_euros})


def tiers(starts: st.SearchStrategy[Any], by: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(
        st.tuples(starts, percent_off | amount_off),
        min_size=1,
        max_size=4,
        unique_by=lambda t: t[0],
    ).map(
        lambda drawn: {
            "type": "tiers",
            "by": by,
            "tiers": [
                {"from": start if by == "quantity" else {"EUR": start}, "benefit": benefit}
                for start, benefit in sorted(drawn, key=lambda one: one[0])
            ],
        }
    )


for_all = st.one_of(
    percent_off, amount_off, tiers(amounts, "subtotal"), tiers(st.integers(1, 9), "quantity")
)
for_lines = st.one_of(
    for_all,
    st.fixed_dictionaries({"type": st.just("price"), "prices": mostly_euros}),
    st.fixed_dictionaries(
        {"type": st.just("units"), "buy": st.integers(1, 3), "get": st.integers(1, 3)},
        optional={"percent": percents, "get_products": selections, "at_most": st.integers(1, 4)},
    ),
)


def promotions_of(target: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    limits = {"total": st.just(9), "per_customer": st.just(1), "budget": mostly_euros}
    promotion = st.fixed_dictionaries(
        {
            "target": st.just(target),
            "benefit": for_lines if target == "lines" else for_all,
            "on_discounted": st.booleans(),
            "priority": st.integers(-1, 1),
            "exclusive": st.booleans(),
        },
        optional={
            "products": selections,
            "conditions": st.fixed_dictionaries(
                {},
                optional={
                    "minimum_subtotal": mostly_euros,
                    "minimum_quantity": st.integers(1, 9),
                    "segments": st.just(["vip"]),
                    "first_order": st.just(True),
                },
            ),
            "limits": st.fixed_dictionaries({}, optional=limits),
            "room": st.fixed_dictionaries(
                {},
                optional={
                    "total": st.integers(-1, 2),
                    "customer": st.integers(0, 2),
                    "budget": st.just(Fraction(0)) | amounts,
                },
            ),
        },
    )
    return st.lists(promotion, max_size=5).map(
        lambda drawn: [{"id": id_, **fields} for id_, fields in enumerate(drawn, 1)]
    )


lines = st.lists(
    st.fixed_dictionaries(
        {
            "product_id": st.integers(1, 5),
            "tags": tags,
            "quantity": st.integers(1, 5),
            "left": st.just(Fraction(0)) | amounts,
            "discounted": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
)
bills = st.fixed_dictionaries(
    {"currency": st.just("EUR"), "lines": lines},
    optional={
        "shipping": st.none() | st.just(Fraction(0)) | amounts,
        "customer": st.fixed_dictionaries(
            {},
            optional={
                "id": st.just("c"),
                "segments": st.just(["vip"]),
                "has_ordered": st.booleans(),
            },
        ),
    },
)
