"""`python -m openapi` writes the description at /openapi.json, and the Python client's types."""

from openapi import client_bodies, document

if __name__ == "__main__":
    document.FILE.write_text(document.written())
    for path, text in client_bodies.written().items():
        path.write_text(text)
