"""What a stranger may do to a node: broken bytes, a besieged daemon, a process that is killed."""
