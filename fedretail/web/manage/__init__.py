"""The back office, /manage: for the shopkeeper, on the shop's own computer."""
