"""Discounts of other shops' systems, from the CSV files that these export."""
