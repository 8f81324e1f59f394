"""Back-tests: what a draft of a promotion would have done to the orders of a period."""
