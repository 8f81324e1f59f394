"""The types of request and answer bodies: one `TypedDict` for each, as in `/openapi.json`."""
