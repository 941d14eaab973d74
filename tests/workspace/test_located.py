"""Where the characters of a template are in the text of an editor."""

import json

from macroengine.workspace.columns import Layout
from macroengine.workspace.located import templates_in

TEMPLATE = "https://n.example/pb?a=(clickid)&b=1"


def test_a_template_is_found_beside_any_text():
    # The mark that the place is searched with may be in the text itself.
    for note in ("!", "!~", "!~!~", "~!~!~!~"):
        line = json.dumps({"note": note, "template": TEMPLATE}).replace("&", "\\u0026")
        [located], [] = templates_in(f"{line}\n", "list.jsonl", Layout())
        offsets = located.offsets()
        assert line[offsets[0] : offsets[-1]] == TEMPLATE.replace("&", "\\u0026")
        ampersand = TEMPLATE.index("&")
        assert line[offsets[ampersand] : offsets[ampersand + 1]] == "\\u0026"


def test_what_follows_an_unclosed_quote_is_not_read():
    text = f'template\n{TEMPLATE}\n"x\n{TEMPLATE}\n'
    [located], [trouble] = templates_in(text, "list.csv", Layout())
    assert located.template == TEMPLATE
    assert (trouble.line, trouble.message) == (3, 'has an unclosed quote; inside a value write ""')
