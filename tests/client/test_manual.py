"""The Python examples of docs/clients.md in their order, and the modules the client imports."""

import asyncio
import re
import subprocess
import sys
from typing import Any, Final

from sconto.domain.coverage import AllProducts
from sconto.domain.money import PERCENT
from sconto.domain.people import Caller, Role
from sconto.operations import promotions, users
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.trust.manuals import DOCS

PAGE: Final = (DOCS / "clients.md").read_text()


async def test_every_python_example_works(
    address: str, database: Database, merchant: Caller
) -> None:
    name = f"demo-{merchant.merchant_id}"
    await users.add_user(database, merchant, name, "demo-password", Role.ADMIN)
    # The demo's shop has such a promotion too.
    automatic = a_promotion(coverage=AllProducts(5 * PERCENT))
    await promotions.create_promotion(database, merchant, automatic, NOON)
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    assert len(examples) > 3
    names: dict[str, Any] = {}
    for example in examples:
        text = example.replace("http://127.0.0.1:8000", address)
        text = text.replace('username="demo"', f'username="{name}"')
        await asyncio.to_thread(exec, compile(text, "docs/clients.md", "exec"), names)
    names["sconto"].close()


def test_importing_the_client_loads_nothing_of_the_service() -> None:
    program = (
        "import sys, sconto.client\n"
        "print(*(name for name in sys.modules if name.startswith(('sconto.', 'starlette'))))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name for name in loaded if not name.startswith("sconto.client")} == set()
