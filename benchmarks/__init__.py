"""Speeds, sizes and latencies at full size, and the ratio to a reference binary: ``python -m benchmarks``."""
