"""A merchant's promotions as a file: written, read, and compared with what is stored."""
