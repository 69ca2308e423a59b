"""Shipped for embedders: a clock to turn by hand, networks in memory, acceptance suites."""
