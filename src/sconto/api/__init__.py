"""The wires: one folder a published format, and what they share."""
