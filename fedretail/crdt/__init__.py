"""Replicated data: rows, heads, digests, registers and who may sign them. No store, no sockets."""
