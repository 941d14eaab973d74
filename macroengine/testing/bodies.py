"""Draw cases with a body: the parameters of a template as a form, or as JSON members."""

from string import ascii_lowercase

from hypothesis import strategies as st

from macroengine.compiled_request import compile_request
from macroengine.errors import RenderError
from macroengine.request import Request
from macroengine.request_template import BodyKind
from macroengine.testing.drawing import Case, pairs_of, whole_case
from macroengine.testing.drawn import DrawnPost
from macroengine.testing.filling import Filled
from macroengine.testing.variants import Asked

_URL = "https://n.example/pb"
_IS_WHOLE = st.sampled_from([False, True, False])


@st.composite
def posts(draw: st.DrawFn, asked: Asked) -> DrawnPost:
    """Draw a request with a body, an event for it, and the right request."""
    case = whole_case(draw, asked)
    is_json = draw(_IS_JSON) if asked.body is None else asked.body == "json"
    text = _json(draw, case) if is_json else pairs_of([part.text for part in case.parts])
    template = compile_request(_post(text, is_json=is_json), dialect=asked.dialect, **case.options)
    try:
        return DrawnPost(template, case.event, template.render(case.event))
    except RenderError:
        return DrawnPost(template, case.event, None)


_IS_JSON = st.sampled_from([True, False, True])


def _post(text: str, *, is_json: bool) -> Request:
    return Request("POST", _URL, {}, text, BodyKind.JSON if is_json else BodyKind.FORM)


def _json(draw: st.DrawFn, case: Case) -> str:
    members = [f'"{name}":{_value(draw, part)}' for name, part in zip(ascii_lowercase, case.parts, strict=False)]
    return f"{{{','.join(members)}}}"


def _value(draw: st.DrawFn, part: Filled) -> str:
    """Draw how a macro is written in JSON: in a string, or as a whole value if nothing is next to it."""
    is_whole = part.text == part.written.text and draw(_IS_WHOLE)
    return part.text if is_whole else f'"{part.text}"'
