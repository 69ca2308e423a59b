"""Words: how texts and queries become tokens, in many languages."""
