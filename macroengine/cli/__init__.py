"""The command line: arguments, output and exit codes. The work is done by the library."""

import gc
import sys

# How many objects are made before Python looks for garbage among them.
_ALLOCATIONS = 50_000


def command() -> int:
    """Run the command line as a process of its own, which ends with the exit status that this returns.

    Python would look for garbage among the modules while they load, and again at the end, where everything is freed
    anyway: a fifth of a short call.
    """
    gc.set_threshold(_ALLOCATIONS)
    status = main()
    gc.freeze()
    return status


def main() -> int:
    """Run the command line and return its exit status.

    0: clean. 1: findings, or a failed render. 2: wrong usage, or an unreadable file.
    """
    try:
        # Imported here, since the extra may not be installed, and since it takes longer to load than everything else.
        from macroengine.cli.app import run  # noqa: PLC0415

        return run()
    except KeyboardInterrupt:  # while it is loading
        sys.stderr.write("\nmacroengine: interrupted\n")
        return 130
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write(
            "macroengine: the command line needs the extra 'cli': pip install 'macroengine[cli]', "
            "or without installing: uvx --from 'macroengine[cli]' macroengine\n"
        )
        return 2
