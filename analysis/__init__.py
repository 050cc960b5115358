"""Measures of a state, transitions, founders, replicators and figures."""
