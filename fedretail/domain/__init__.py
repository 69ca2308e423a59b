"""Values in, values out: what members, sites and offers mean. Pure, no I/O, no clock."""
