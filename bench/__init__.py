"""Benchmarks of Sconto, each compared with a limit that is measured in the same run."""
