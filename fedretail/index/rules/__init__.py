"""What an answer is, whatever the storage: filters, orders, groups, facets, relevance."""
