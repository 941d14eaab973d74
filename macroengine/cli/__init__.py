"""The command line. Words and exit codes; what they do is the library's."""

import sys


def main() -> int:
    """Run the command line and return its exit status.

    0: clean. 1: findings, or a render that failed. 2: wrong usage, or a file that cannot be read.
    """
    try:
        # Here because the extra may not be installed, and because it takes longer to load than all the rest.
        from macroengine.cli.app import run  # noqa: PLC0415

        return run()
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write(
            "macroengine: the command line needs the extra 'cli': pip install 'macroengine[cli]', "
            "or without installing: uvx --from 'macroengine[cli]' macroengine\n"
        )
        return 2
