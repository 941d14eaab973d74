"""What can be fuzzed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.inputs import Input
from tests.fuzz.targets import catalogue, encoder, grammars, intake, rendering, templates, work

CASES = Path(__file__).resolve().parents[1] / "cases"
"""Inputs that once broke a target, in a folder a target."""


@dataclass(frozen=True, slots=True)
class Target:
    """A promise, and what it is tried with."""

    run: Callable[[Input], None]
    """Raises where the promise is broken."""
    inputs: Callable[[], Iterable[bytes]]
    words: Callable[[], Iterable[str]]
    about: tuple[str, ...]
    """The files of the package that the promise is about, as coverage is told them."""

    @property
    def promise(self) -> str:
        """The promise in a sentence."""
        return (self.run.__doc__ or "").partition("\n")[0]

    def seeds(self) -> Iterable[bytes]:
        """Return what fuzzing starts with, what once broke the promise included."""
        name = self.run.__name__.removeprefix("fuzz_")
        return [*(path.read_bytes() for path in sorted((CASES / name).glob("*"))), *self.inputs()]


_FAMILIES = ("characters", "damage", "names", "origin", "privacy", "query", "syntax", "url")
_RULES = (
    *(f"rules/{name}" for name in (*_FAMILIES, "intended", "messages", "nearly", "tables")),
    "plan/resolve",
    "suggest",
    "diagnostics",
)
_LANGUAGE = (
    "template",
    *(f"language/{name}" for name in ("forms", "grammar", "nodes", "parser", "plain", "semicolons", "syntax")),
)
_PLANNING = tuple(f"plan/{name}" for name in ("planner", "renderings", "filling"))
_RENDERING = (
    *_PLANNING,
    *(f"rendering/{name}" for name in ("compiler", "shapes", "conversion", "values")),
    *(f"encodings/{name}" for name in ("hashing", "encoder")),
)

TARGETS = {
    "parse": Target(templates.fuzz_parse, corpus.of_one_template, corpus.of_templates, _LANGUAGE),
    "grammars": Target(grammars.fuzz_grammars, corpus.of_syntaxes, corpus.of_templates, _LANGUAGE),
    "check": Target(templates.fuzz_check, corpus.of_one_template, corpus.of_templates, _RULES),
    "fix": Target(templates.fuzz_fix, corpus.of_one_template, corpus.of_templates, ("rules/fixing", *_RULES)),
    "compile": Target(
        templates.fuzz_compile,
        corpus.of_one_template,
        corpus.of_templates,
        ("engine", "plan/resolve", *_PLANNING),
    ),
    "render": Target(rendering.fuzz_render, corpus.of_rendering, corpus.of_templates, _RENDERING),
    "postbacks": Target(
        rendering.fuzz_postbacks, corpus.of_several_templates, corpus.of_templates, ("postbacks", *_RENDERING)
    ),
    "work": Target(work.fuzz_work, corpus.of_work, corpus.of_templates, ("language/parser", *_RULES)),
    "catalogue": Target(
        catalogue.fuzz_catalogue,
        corpus.of_dialects,
        corpus.of_dialect_files,
        ("catalogue/dialects", "catalogue/reader"),
    ),
    "encoder": Target(encoder.fuzz_encoder, corpus.of_values, corpus.of_templates, ("encodings/percent",)),
    "body": Target(
        intake.fuzz_body,
        corpus.of_bodies,
        corpus.of_body_fields,
        ("intake/appsflyer/events", "intake/appsflyer/body", "intake/figures", "intake/json_reader"),
    ),
    "tracking": Target(
        intake.fuzz_tracking,
        corpus.of_tracking_urls,
        corpus.of_tracking_parameters,
        (
            *(f"intake/appmetrica/{name}" for name in ("engagements", "checks", "tracking_url")),
            "intake/placeholders",
        ),
    ),
}
