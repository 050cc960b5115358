"""Measures of a state, transitions, founders and what is told of them, replicators and figures."""
