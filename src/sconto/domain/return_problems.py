"""Why something cannot be returned: facts for the caller."""

from dataclasses import dataclass

from sconto.domain.order import StoredOrder
from sconto.domain.problems import Problem
from sconto.domain.returns import Goods, OrderReturn


@dataclass(eq=False)
class ReturnNotFound(Problem):
    """The order has no return with this id."""

    return_id: str


@dataclass(eq=False)
class ReturnConflict(Problem):
    """Other goods were returned under this id, as the stored return says."""

    kept: OrderReturn


@dataclass(eq=False)
class OrderDeleted(Problem):
    """Nothing of a deleted order can be returned."""

    order: StoredOrder


@dataclass(eq=False)
class UnknownLines(Problem):
    """The order lacks the lines at these places of the return, counted from 0."""

    places: tuple[int, ...]


@dataclass(eq=False)
class MoreThanLeft(Problem):
    """More comes back than is left of the order: `left`."""

    left: Goods
