"""Liars."""
def any_lie(world): return None
