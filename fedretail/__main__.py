"""`python -m fedretail` is the same as `fedretail`."""

import sys

from fedretail.cli import main

if __name__ == "__main__":
    sys.exit(main())
