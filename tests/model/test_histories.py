"""Random histories of a shop: Sconto and the model get each question and must agree."""

import asyncio
import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvloop
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sconto.domain.people import Caller
from sconto.domain.problems import PromotionNotFound
from sconto.operations.cart_promotions import restore_promotion
from sconto.operations.holds import sweep_merchant
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.conftest import SECRET_KEY, create_caller
from tests.model.asking import Question, ask_model, ask_sconto, costs, matches
from tests.model.cart_questions import cart_questions, rivals
from tests.model.checkout import price
from tests.model.holds import Asker
from tests.model.questions import ORDERS, bodies, faulty_bodies, questions
from tests.model.shop import Answer, Shop
from tests.model.subscription_questions import subscription_questions
from tests.model.values import minor_units, show_amount
from tests.serving import serving

START: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
ZONES: Final = ("UTC", "Europe/Moscow", "America/St_Johns")

COUPON: Final = {
    "promotion_type": "coupon",
    "promotion_name": "with codes",
    "coupons": {"coupon_code": ["A"], "discount_percent": "10"},
}
DISCOUNT: Final = {
    "promotion_type": "discount",
    "promotion_name": "without",
    "date_to": "2026-06-02T00:00:00+00:00",
    "discounts": {"discount_percent": "10"},
}


WORKERS: Final = 2


class Bench:
    """An application for each time zone and worker, on one database; histories set its clock.

    Each worker has its own caches.
    """

    def __init__(self, database_url: str) -> None:
        self.now = START
        self._url = database_url
        self._loop = uvloop.new_event_loop()
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[str, int], httpx.AsyncClient] = {}
        self._tokens = Tokens(SECRET_KEY)
        self.callers: dict[str, Caller] = {}
        self.run(self._open())

    def run(self, coroutine: Any) -> Any:
        """The coroutine's result."""
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        """Stop the applications."""
        self.run(self._stack.aclose())
        self._loop.close()

    def new_merchant(self, now: datetime) -> dict[str, str]:
        """The headers of the admin of a new merchant."""
        caller = self.run(create_caller(self._database))
        token = f"Bearer {self._tokens.issue(caller, now)}"
        self.callers[token] = caller
        return {"AuthorizationJWT": token}

    def ask(
        self, zone: str, questions: list[Question], headers: dict[str, str], worker: int = 0
    ) -> list[httpx.Response]:
        """Ask all of them concurrently: the first is for this worker, the second for the next."""

        async def ask_all() -> list[httpx.Response]:
            return await asyncio.gather(
                *(
                    self._restore(question.target, headers)
                    if question.verb == "restore cart promotion"
                    else ask_sconto(self._clients[zone, number % WORKERS], question, headers)
                    for number, question in enumerate(questions, worker)
                )
            )

        answers: list[httpx.Response] = self.run(ask_all())
        return answers

    def sweep(self, headers: dict[str, str]) -> None:
        """Delete the merchant's ended holds."""
        caller = self.callers[headers["AuthorizationJWT"]]
        self.run(sweep_merchant(self._database, caller.merchant_id, self.now))

    async def _restore(self, promotion_id: str, headers: dict[str, str]) -> httpx.Response:
        """Restore a cart promotion. No API can do that."""
        caller = self.callers[headers["AuthorizationJWT"]]
        status = 204
        try:
            await restore_promotion(self._database, caller, int(promotion_id), self.now)
        except PromotionNotFound:
            status = 404
        return httpx.Response(status, request=httpx.Request("POST", "http://sconto/restore"))

    async def _open(self) -> None:
        for worker in range(WORKERS):
            self._database = await Database.open(self._url)
            self._stack.push_async_callback(self._database.close)
            for zone in ZONES:
                client = serving(
                    self._database, self._tokens, zone=ZoneInfo(zone), now=lambda: self.now
                )
                self._clients[zone, worker] = await self._stack.enter_async_context(client)


class Histories(RuleBasedStateMachine):
    """A shop that starts empty and gets some tens of questions."""

    bench: Bench

    @initialize(zone=st.sampled_from(ZONES), known=st.sets(st.sampled_from((3, 4))), data=st.data())
    def open_shop(self, zone: str, known: set[int], data: st.DataObject) -> None:
        self.zone = zone
        self.bench.now = START
        self.headers = self.bench.new_merchant(START)
        self.workers = data.draw(st.randoms(use_true_random=False))
        self.shop = Shop(ZoneInfo(zone))
        for product in sorted({1, 2} | known):
            tags = ["red"] if product % 2 else ["red", "sale"]
            item = {"product_id": product, "name": "p", "price": "1.00", "currency": "EUR"}
            self._ask(Question("put product", "", {"products": [item | {"tags": tags}]}))
        draw = data.draw
        for _ in range(draw(st.integers(1, 4))):
            self._ask(Question("create", "", draw(bodies(START))))
            made = draw(subscription_questions(self.shop, START, "create subscription"))
            self._ask(made)
            self._ask(draw(cart_questions(self.shop, START, "create cart promotion")))

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        self._ask(data.draw(questions(self.shop, self.bench.now)))

    @rule(data=st.data())
    def place_what_was_quoted(self, data: st.DataObject) -> None:
        # A filter would discard most histories: few questions are orders.
        question = data.draw(questions(self.shop, self.bench.now, "order"))
        body = question.body
        asker = Asker(self.bench.now, body["order_id"], body.get("replaces"))
        total = price(self.shop, body, self.bench.now, asker)[0]["total"]
        more = data.draw(st.sampled_from((0, 0, 0, 1)))
        currency = question.body["currency"]
        agreed = show_amount(minor_units(total, currency) + more, currency)
        self._ask(Question("order", "", {**question.body, "expected_total": agreed}))

    @rule(data=st.data())
    def ask_two_concurrently(self, data: st.DataObject) -> None:
        first = data.draw(questions(self.shop, self.bench.now))
        second = data.draw(questions(self.shop, self.bench.now) | st.just(first))
        self._ask_concurrently(first, second)

    @rule(data=st.data())
    def let_two_compete(self, data: st.DataObject) -> None:
        rival = rivals(self.shop)
        self._ask_concurrently(data.draw(rival), data.draw(rival))

    @rule(order_id=st.sampled_from(ORDERS))
    def look_at_everything(self, order_id: str) -> None:
        self._ask(Question("list"))
        self._ask(Question("find order", order_id))
        self._ask(Question("find hold", order_id))
        for subscription in self.shop.subscriptions.promotions:
            self._ask(Question("find subscription", subscription))
        for promotion in self.shop.promotions:
            self._ask(Question("get", str(promotion)))
            self._ask(Question("statistics", "", {"id": str(promotion)}))
        for cart_promotion in self.shop.cart_promotions:
            self._ask(Question("find cart promotion", str(cart_promotion)))
            self._ask(Question("cart statistics", str(cart_promotion)))

    @rule(
        step=st.sampled_from(
            (
                timedelta(microseconds=1),
                timedelta(milliseconds=500),
                timedelta(seconds=1),
                timedelta(seconds=30),
                timedelta(hours=1),
                timedelta(hours=9),
            )
        )
    )
    def let_time_pass(self, step: timedelta) -> None:
        # Tokens expire after a day, so a history is shorter.
        if self.bench.now + step < START + timedelta(hours=23):
            self.bench.now += step

    @rule()
    def sweep_holds(self) -> None:
        # This must not change any answer.
        self.bench.sweep(self.headers)

    def _ask(self, question: Question) -> None:
        (received,) = self.bench.ask(self.zone, [question], self.headers, self._worker())
        expected = ask_model(self.shop, question, received, self.bench.now)
        if not matches(expected, received):
            raise AssertionError(
                f"{question}\n expected {expected}\n received {received} {received.text}"
            )

    def _worker(self) -> int:
        return self.workers.randrange(WORKERS)

    def _ask_concurrently(self, first: Question, second: Question) -> None:
        """Answers to two concurrent callers must fit one of the two sequences.

        An order or hold may have reasons that were true before both requests.
        """
        questions = [first, second]
        received = self.bench.ask(self.zone, questions, self.headers, self._worker())
        seen = []
        for with_earlier_reasons in (False, True):
            fitting = []
            for order in ((0, 1), (1, 0)):
                shop = copy.deepcopy(self.shop)
                expected = []
                for index in order:
                    question, found = questions[index], received[index]
                    answer = ask_model(shop, question, found, self.bench.now, self.shop)
                    if with_earlier_reasons and question.verb in ("order", "hold"):
                        answer = self._as_answered_earlier(shop, question, found, answer)
                    expected.append((index, answer))
                if all(matches(answer, received[index]) for index, answer in expected):
                    fitting.append(shop)
                seen.append(expected)
            if fitting:
                self.shop = self._choose(fitting)
                return
        texts = [f"{answer} {answer.text}" for answer in received]
        raise AssertionError(
            f"concurrently {first}\n and {second}\n expected {seen}\n received {texts}"
        )

    def _choose(self, shops: Sequence[Shop]) -> Shop:
        """The shop after one of the sequences, if the answers fit both.

        The ids of codes tell which were created first.
        """
        if len({str(serials_of(shop)) for shop in shops}) == 1:
            return shops[0]
        asked = [Question("statistics", "", {"id": str(id_)}) for id_ in shops[0].promotions]
        answers = [
            self.bench.ask(self.zone, [one], self.headers, self._worker())[0] for one in asked
        ]
        for shop in shops:
            pairs = zip(asked, answers, strict=True)
            if all(matches(ask_model(shop, one, got, self.bench.now), got) for one, got in pairs):
                return shop
        raise AssertionError(f"the ids of codes fit neither: {[one.text for one in answers]}")

    def _as_answered_earlier(
        self, shop: Shop, question: Question, received: httpx.Response, answer: Answer
    ) -> Answer:
        """The answer to an order or hold with the earlier reasons, if the price is the same."""
        earlier = ask_model(copy.deepcopy(self.shop), question, received, self.bench.now)
        if (answer[0], earlier[0]) != (201, 201) or costs(answer) != costs(earlier):
            return answer
        order_id = question.body["order_id"]
        if question.verb == "order":
            shop.orders[order_id]["answer"] = earlier[1]
        else:
            assert isinstance(earlier[1], dict)
            found = {name: earlier[1][name] for name in shop.holds[order_id].quote}
            shop.holds[order_id].quote = found
        return earlier


def serials_of(shop: Shop) -> list[tuple[int, list[int]]]:
    """The codes of each promotion, by the order of their creation."""
    return [
        (id_, [code.serial for code in one.codes]) for id_, one in sorted(shop.promotions.items())
    ]


@pytest.fixture(scope="module")
def bench(create_database: Callable[[], str]) -> Iterator[Bench]:
    """The applications, shared by all histories.

    They have a separate database: a service with another clock would delete their holds.
    """
    bench = Bench(create_database())
    yield bench
    bench.close()


def run_histories(bench: Bench, examples: int, *, steps: int, start: int | None) -> None:
    """Run this many histories: with a `start`, the same ones each time.

    Which of two concurrent requests was first decides what can be asked after them. Hypothesis
    gives up where a second history begins in the same way and goes on differently, so others are
    run in its place.
    """
    machine = type("HistoriesOnABench", (Histories,), {"bench": bench})
    end = len(bench.callers) + examples
    while len(bench.callers) < end:
        try:
            run_state_machine_as_test(
                machine if start is None else seed(start)(machine),
                settings=settings(
                    max_examples=end - len(bench.callers),
                    stateful_step_count=steps,
                    database=None,
                    deadline=None,
                    print_blob=True,
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                    phases=(Phase.generate, Phase.shrink),
                ),
            )
        except FlakyStrategyDefinition as error:
            if not isinstance(error.__context__, FlakyStrategyDefinition | None):
                raise  # an answer was wrong
        else:
            return


@pytest.mark.parametrize("start", range(6))
def test_sconto_answers_as_the_reference_says(bench: Bench, start: int) -> None:
    run_histories(bench, 3, steps=30, start=start)


def run_bodies(bench: Bench, examples: int, *, start: int | None) -> None:
    """Compare the answers to this many bodies: with a `start`, the same ones each time."""
    headers = bench.new_merchant(START)
    bench.now = START
    shop = Shop(ZoneInfo(ZONES[1]))
    item = {"product_id": 1, "name": "p", "price": "1.00", "currency": "EUR", "tags": []}

    def compare(question: Question) -> None:
        (received,) = bench.ask(ZONES[1], [question], headers)
        expected = ask_model(shop, question, received, START)
        assert matches(expected, received), (
            f"{question}\n expected {expected}\n received {received.text}"
        )

    compare(
        Question(
            "put product", "", {"products": [{**item, "product_id": one} for one in (1, 2, 3)]}
        )
    )
    compare(Question("create", "", COUPON))
    compare(Question("create", "", DISCOUNT))
    targets = st.sampled_from(("", *(str(id_) for id_ in shop.promotions)))

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(target=targets, body=faulty_bodies(START))
    def compare_faults(target: str, body: dict[str, Any]) -> None:
        compare(Question("patch", target, body) if target else Question("create", "", body))

    (compare_faults if start is None else seed(start)(compare_faults))()


@pytest.mark.parametrize("start", range(2))
def test_all_faults_of_a_body_come_in_the_references_order(bench: Bench, start: int) -> None:
    run_bodies(bench, 120, start=start)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_all_faults_of_a_hundred_thousand_bodies_are_found(bench: Bench, part: int) -> None:
    run_bodies(bench, 100_000 // 4, start=None)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(8))
def test_sconto_answers_as_the_reference_says_in_thousands_of_histories(
    bench: Bench, part: int
) -> None:
    run_histories(bench, 3000 // 8, steps=60, start=None)
