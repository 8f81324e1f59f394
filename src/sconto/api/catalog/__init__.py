"""The catalogue API: a merchant's products."""
