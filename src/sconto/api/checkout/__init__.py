"""The checkout API: quotes, orders and prices for a shop's checkout."""
