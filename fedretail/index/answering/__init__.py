"""From a query to a page of results in one snapshot."""
