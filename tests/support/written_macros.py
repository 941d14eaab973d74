"""A few macros of every syntax, as they are written in templates."""

from macroengine.language.syntax import syntax


def written_macros(key: str) -> list[str]:
    """Return a few macros of a syntax, and the beginnings and ends of some."""
    form, *_ = syntax(key).forms
    names = [name for name in ("a", "b1", "A", "A_B", "a.b", "a-b", "a[0].b") if syntax(key).is_name(name)]
    written = [*map(syntax(key).write, names)]
    with_argument = [
        form.opener + names[0] + form.separator + "x" + form.closer for form in syntax(key).forms if form.separator
    ]
    several = [form.write(form.alternatives.join(names[:3]))] if form.alternatives else []
    return [*written, *with_argument, *several]
