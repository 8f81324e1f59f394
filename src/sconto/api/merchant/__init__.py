"""The merchant promotions API, "/v1", as published."""
