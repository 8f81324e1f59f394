"""A peer: a minimal shop on django-oscar, with an environment of its own; see bench/peers.py."""
