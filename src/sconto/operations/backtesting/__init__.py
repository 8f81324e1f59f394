"""Back-tests: started by a request, and computed by a separate process."""
