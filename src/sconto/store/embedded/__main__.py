"""Runs the keeper: the folder and the descriptor of its lock are the two arguments."""

import sys

from sconto.store.embedded.keeper import main

main(sys.argv[1], sys.argv[2])
