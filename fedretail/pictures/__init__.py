"""Pictures of goods: kept by their hash, made from what a shop's list names, fetched once."""
