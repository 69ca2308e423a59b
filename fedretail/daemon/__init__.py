"""`fedretail serve` and `fedretail.running`: a node at work until it is told to end."""
