"""The cart promotions API: `/cart/v1`."""
