"""Quotes a second, against a bare application, as promotions and codes grow, and at half load."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

from bench.carts import ask_bare, ask_quotes, fill_baskets
from bench.contenders import Contender, take_turns
from bench.edits import Edits
from bench.figures import Figure, Goal, compared, figure
from bench.load import Unanswered, ask
from bench.servers import Server, serve_bare
from bench.shop import Shop
from bench.stage import SEED, Stage
from sconto.store.fair_turns import ALONE_AFTER

_OFTEN = 3
_SELECT = "bare app with one SELECT"


async def measure_quotes(stage: Stage, server: Server) -> list[Figure]:
    """All measures of quotes. In each measured shop a promotion is edited every second."""
    baskets = {name: fill_baskets(shop, SEED) for name, shop in _shops(stage).items()}
    usual = stage.usual.size.name
    async with AsyncExitStack() as stack:
        others = await stack.enter_async_context(AsyncExitStack())
        contenders, edits = {}, []
        for name, shop in _shops(stage).items():
            token = stage.token(shop)
            edit = Edits(server.port, token)
            await edit.create()
            await (stack if name == usual else others).enter_async_context(edit.going_on())
            contenders[name] = Contender(server, ask_quotes(baskets[name], token, edit))
            edits.append(edit)
        answer = await ask_one_quote(stage, server)
        bare = await stack.enter_async_context(
            serve_bare(stage.url, stage.cores.service, answer, stage.usual.merchant_id)
        )
        without_select, limit = (
            Contender(bare, ask_bare(baskets[usual], path, stage.token(stage.usual)))
            for path in ("/answer", "/select")
        )
        await take_turns(
            contenders.values(), stage.plan.rounds, stage.plan.seconds, rest=ALONE_AFTER
        )
        growth = list(_growth(stage, contenders))
        # Only the shop that is measured now is still edited, once a second.
        await others.aclose()
        sconto = contenders[usual]
        # Short turns: other load on the machine comes and goes within seconds.
        await take_turns(
            (without_select, sconto, limit), _OFTEN * stage.plan.rounds, stage.plan.seconds / _OFTEN
        )
        await _pace_in_turns(stage, sconto, limit)
    return [
        *_rates(sconto, without_select, limit),
        *growth,
        _tail(sconto, limit),
        figure(
            "quotes compared with a promotion edited every second",
            "quotes, none stale",
            [sum(edit.checked for edit in edits)],
            Goal(">=", 1),
            note=f"{sum(edit.made for edit in edits)} edits",
        ),
    ]


async def ask_one_quote(stage: Stage, server: Server) -> bytes:
    """Sconto's answer to one cart of the usual shop."""
    requests = ask_quotes(fill_baskets(stage.usual, SEED, 1), stage.token(stage.usual))
    status, answer = await ask(server.port, next(requests).data)
    if status != 200:
        raise Unanswered(answer[:600].decode())
    return answer


async def _pace_in_turns(stage: Stage, sconto: Contender, bare: Contender) -> None:
    """Each at half of the rate that Sconto reached, so that the database has the same load."""
    rate = min(sconto.rates) / 2
    for _ in range(stage.plan.rounds):
        for contender in (sconto, bare):
            await contender.pace(rate, stage.plan.seconds)


def _rates(sconto: Contender, bare: Contender, limit: Contender) -> list[Figure]:
    return [
        figure("bare app, no SELECT", "requests/s", bare.rates),
        compared(
            "quotes: 5 lines, 1 code, 100 promotions",
            "requests/s",
            sconto.rates,
            (_SELECT, limit.rates),
            Goal(">=", 0.6),
        ),
        compared(
            "the same: CPU of the server",
            "µs/request",
            sconto.microseconds,
            (_SELECT, limit.microseconds),
        ),
    ]


def _growth(stage: Stage, contenders: dict[str, Contender]) -> Iterator[Figure]:
    plan = stage.plan
    for kind, sizes in (("promotions", plan.by_promotions), ("codes", plan.by_codes)):
        group = [contenders[size.name] for size in sizes]
        best = [max(rates) for rates in zip(*(one.rates for one in group), strict=True)]
        goal = Goal(">=", 0.9)
        for size, contender in zip(sizes, group, strict=True):
            limit = (f"the fastest of {kind}", best)
            yield compared(f"quotes: {size.name}", "requests/s", contender.rates, limit, goal)


def _tail(sconto: Contender, bare: Contender) -> Figure:
    return compared(
        "p99 of a quote at half load", "ms", sconto.p99, (_SELECT, bare.p99), Goal("<=", 3)
    )


def _shops(stage: Stage) -> dict[str, Shop]:
    sizes = (*stage.plan.by_promotions, *stage.plan.by_codes)
    return {size.name: stage.shops[size.name] for size in sizes}
