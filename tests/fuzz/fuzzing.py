"""A target under libFuzzer, which ends the process as it likes: `running` starts it in one of its own."""

import io
import sys
from contextlib import redirect_stderr
from importlib import import_module

# Parsers in Python, with branches worth finding. lark is driven by regular expressions and tables, and tells nothing;
# the encoder in C cannot tell, but its twin in Python does.
_INSTRUMENTED = ["macroengine", "tomllib"]


def main() -> None:
    # Here because doctests are looked for in this module, too, where nobody fuzzes.
    import atheris  # noqa: PLC0415

    # A line for each module says nothing either.
    with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=_INSTRUMENTED):
        import_module("tomllib")  # is otherwise imported with the first dialect
        targets = import_module("tests.fuzz.targets").TARGETS
        made = import_module("tests.fuzz.inputs").Input
    run = targets[sys.argv[1]].run
    atheris.Setup(sys.argv[1:], lambda data: run(made(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
