"""The search index: a rebuildable cache, `index.db`, that follows the store's feed."""
