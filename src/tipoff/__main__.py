"""`python -m tipoff` is the `tipoff` command."""

import sys

from tipoff.cli import main

if __name__ == "__main__":
    sys.exit(main())
