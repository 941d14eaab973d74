"""The receivers in Starlette and in Flask, put to the check of macroengine.testing."""

import pytest

from macroengine.testing import check_receiver

TEMPLATE = "https://n.example/pb?click=(clickid)&app=(app_name)"


def test_starlette_reads_postbacks_right():
    from receiver_fuzz.starlette_app import app, received

    check_receiver(app, lambda: received[-1], TEMPLATE, examples=200)


def test_the_bug_in_flask_is_found():
    pytest.importorskip("flask", reason="flask is not installed: pip install 'macroengine[examples]'")
    from receiver_fuzz.flask_app import app, received

    with pytest.raises(AssertionError, match="has lost spaces"):
        # Of two values, Flask has the first.
        check_receiver(app, lambda: received[-1], TEMPLATE, repeated="first")
