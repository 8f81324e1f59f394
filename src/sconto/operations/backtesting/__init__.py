"""Back-tests: started by a request, and computed by a process of their own beside the workers."""
