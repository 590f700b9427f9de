"""Benchmark metrics, pure numpy."""
