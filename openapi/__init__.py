"""The OpenAPI description of all HTTP interfaces, which `make openapi` writes to a file.

Sconto serves that file. Only developers and tests import this package: Sconto itself runs without
Pydantic.
"""
