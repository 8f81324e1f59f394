"""The verbs: one function for each thing a person can ask for."""
