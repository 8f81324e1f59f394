"""The rules: pure functions on frozen values. No I/O, clock, randomness or framework."""
