"""Register the types of this library with Hypothesis, which calls `register` when it is imported."""


def register() -> None:
    """Tell Hypothesis how to draw the types of this library, for `st.from_type(Event)` and `@given`."""
    from hypothesis import strategies as st

    from macroengine.catalogue import Dialect, dialect_names, dialect_of
    from macroengine.compiled_template import CompiledTemplate
    from macroengine.event import Event
    from macroengine.policy import Policy

    # Load the strategies on first use: most programs that import Hypothesis never need them.
    def events(_: type) -> st.SearchStrategy[Event]:
        from macroengine.testing import events

        return events()

    def policies(_: type) -> st.SearchStrategy[Policy]:
        from macroengine.testing import policies

        return policies()

    def templates(_: type) -> st.SearchStrategy[CompiledTemplate]:
        from macroengine.testing import postbacks

        return postbacks().map(lambda drawn: drawn.template)

    st.register_type_strategy(Event, events)
    st.register_type_strategy(Policy, policies)
    st.register_type_strategy(CompiledTemplate, templates)
    st.register_type_strategy(Dialect, st.sampled_from(dialect_names()).map(dialect_of))
