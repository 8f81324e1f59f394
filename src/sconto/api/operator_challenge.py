"""The refusal of a request that is for the operator alone."""

from typing import Final

from sconto.domain.problems import Problem

CHALLENGE: Final = 'Bearer, Basic realm="Sconto, for its operator", charset="UTF-8"'
"""The challenge of a 401: programs send the token, browsers ask for it as a password."""


class NotTheOperator(Problem):
    """A token is set, and the request does not have it."""
