"""The rules: pure functions on frozen values, without I/O, clock, randomness or framework."""
