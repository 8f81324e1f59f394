"""The roles in words."""

from typing import Final

from sconto.domain.people import Role
from sconto.portal.words import marked

ROLES: Final = {
    Role.ADMIN: (marked("Admin"), marked("Everything, people too")),
    Role.MANAGER: (marked("Manager"), marked("Everything but people")),
    Role.VIEWER: (marked("Viewer"), marked("Reads promotions, products and orders")),
    Role.CHECKOUT: (marked("Checkout"), marked("For the shop itself: prices and orders")),
}
"""The name of each role, and what it may do."""
