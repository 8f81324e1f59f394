"""The peer: a minimal shop on django-oscar, in its own environment; see bench/peers.py."""
