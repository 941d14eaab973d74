"""`python -m macroengine`: the command line."""

import sys

from macroengine.cli import main

sys.exit(main())
