"""One node: a data directory with its store, index, keys and settings, behind one facade."""
