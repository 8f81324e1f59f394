"""`python -m openapi` writes the description to the file that Sconto serves at /openapi.json."""

from openapi.document import FILE, written

if __name__ == "__main__":
    FILE.write_text(written())
