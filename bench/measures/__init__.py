"""The measures, one module for each kind of request."""
