"""Discounts of other systems, from the CSV files that they export."""
