"""Errors of the bundled PostgreSQL; each message is one line for a person."""


class EmbeddedError(Exception):
    """The bundled server cannot be used; the message is one line for a person."""


class EmbeddedUnavailable(EmbeddedError):
    """PostgreSQL's programs are not installed."""
