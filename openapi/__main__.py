"""`python -m openapi` writes what is generated from the models.

That is the description at /openapi.json, the types of the Python client, and the schema of files of
promotions.
"""

from openapi import client_bodies, document, promotion_file
from sconto.api import promotion_schema

if __name__ == "__main__":
    document.FILE.write_text(document.written())
    promotion_schema.FILE.write_text(promotion_file.written())
    for path, text in client_bodies.written().items():
        path.write_text(text)
