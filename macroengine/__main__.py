"""`python -m macroengine`: the command line."""

import sys

from macroengine.cli import main

if __name__ == "__main__":
    sys.exit(main())
