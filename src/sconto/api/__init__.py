"""The HTTP APIs: one folder for each published format, and what they share."""
