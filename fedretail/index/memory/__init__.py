"""What one process holds in memory of an index."""
