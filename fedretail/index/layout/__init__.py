"""What stands in index.db, byte by byte."""
