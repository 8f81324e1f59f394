"""Who can sign in while a node does not answer."""

from itertools import count

import pytest

from sconto.domain.people import Role
from sconto.domain.problems import BadCredentials
from sconto.operations.people import create_merchant, create_user, find_merchant, sign_in
from sconto.operations.tokens import Tokens
from sconto.store.database import Database, DatabaseUnavailable
from tests.builders import NOON
from tests.citus.checked import until
from tests.citus.faults import unreachable
from tests.conftest import SECRET_KEY
from tests.distributed import Cluster
from tests.operations.cheap_passwords import CHEAP, GUARD


async def merchants_on_both(database: Database, dead: str) -> tuple[str, str]:
    """The names of a merchant on the node, and of one elsewhere, each with a user of one name."""
    assert database.nodes.map is not None
    names: dict[bool, str] = {}
    for number in count():
        name = f"shop-{number}"
        merchant_id = await create_merchant(database, name)
        group = database.nodes.map.group_of(merchant_id)
        assert group is not None
        is_there = database.nodes.map.nodes[group].address == dead
        if is_there not in names:
            names[is_there] = name
            await create_user(
                database, name, "maria", f"password of {is_there}", Role.ADMIN, passwords=CHEAP
            )
        if len(names) == 2:
            break
    return names[True], names[False]


async def test_a_node_that_is_away_keeps_only_its_own_users_out(
    cluster: Cluster, distributed_url: str, direct: Database
) -> None:
    """A sign-in is in the merchant's history, so it needs the node. A wrong password stays one."""
    dead = "{}:{}".format(*cluster.nodes[1])
    there, elsewhere = await merchants_on_both(direct, dead)
    tokens = Tokens(SECRET_KEY)

    async def enter(merchant: str, password: str) -> str:
        name = f"{merchant}/maria" if merchant else "maria"
        return await sign_in(direct, tokens, name, password, "10.0.0.1", NOON, guard=GUARD)

    with unreachable(cluster, distributed_url.rpartition("/")[2]):
        group = direct.nodes.group_of(await find_merchant(direct, there))
        direct.node_pools.failed.add(group or 0)
        direct.nodes.wake.set()
        await until(lambda: direct.nodes.silent == [dead])
        assert await enter(elsewhere, "password of False")
        assert await enter("", "password of False")
        with pytest.raises(BadCredentials):
            await enter("", "wrong")
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            await enter(there, "password of True")
    await until(lambda: direct.nodes.silent == [])
    assert await enter(there, "password of True")
