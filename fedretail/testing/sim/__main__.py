"""`python -m fedretail.testing.sim`."""

import sys

from fedretail.testing.sim.runner import main

if __name__ == "__main__":
    sys.exit(main())
