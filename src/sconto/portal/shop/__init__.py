"""The demo's shop: what a shopper sees, at /shop with `sconto demo` alone.

It knows nothing of Sconto but its HTTP API, which it asks as the server of any shop would: signed
in as a user with the role `checkout`. With the portal it shares the way words and amounts are
written. What it tells a shopper of a code is whether it gives a discount on the cart, and nothing
else: not whether there is such a code.
"""

from typing import Final

USER: Final = "demo-shop"
"""The user that the demo makes for the shop's server, with the role `checkout`."""

PASSWORD: Final = "demo-password"  # noqa: S105  # published, for a shop that sells nothing
