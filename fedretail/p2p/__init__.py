"""How nodes find and tell each other: transport, session, gossip."""
