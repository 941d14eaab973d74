"""`python -m macroengine`: the command line."""

import sys

from macroengine.cli import command

sys.exit(command())
