"""The store: a verified copy of every log, the folded records, and the feed of what changed."""
