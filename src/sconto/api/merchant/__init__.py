"""The published merchant promotions API, "/v1"."""
