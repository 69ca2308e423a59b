"""The HTTP API, /api/v1: what other programs ask this node. It only grows."""
