"""The simulator: whole nodes on a simulated network, disk and clock; one seed is one run.

`python -m fedretail.testing.sim --seed N` runs one seed. Needs the extra `fedretail[testing]`.
"""
