"""The demo's shop, which shoppers see at /shop; only `sconto demo` has it.

It knows only Sconto's HTTP API, which it calls as any shop's server would: as a user with the role
`checkout`. It shares the portal's code for writing words and amounts. It tells a shopper only
whether a code gives a discount on the cart, not whether the code exists.
"""

from typing import Final

USER: Final = "demo-shop"
"""The shop's user, which the demo creates with the role `checkout`."""

PASSWORD: Final = "demo-password"  # noqa: S105  # published, for a shop that sells nothing
