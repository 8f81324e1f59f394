"""The schema, one step a file, in plain SQL."""
