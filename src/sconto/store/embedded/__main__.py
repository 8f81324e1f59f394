"""Runs the keeper. Its two arguments are the folder and the descriptor of its lock."""

import sys

from sconto.store.embedded.keeper import main

main(sys.argv[1], sys.argv[2])
