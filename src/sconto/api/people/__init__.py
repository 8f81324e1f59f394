"""The people API: a merchant's API keys and users."""
