"""The bug in the Flask receiver is found."""

import pytest

pytest.importorskip("flask", reason="flask is not installed: pip install 'macroengine[examples]'")

from receiver_fuzz.flask_app import app, received

from macroengine.testing import check_receiver


def test_the_bug_in_flask_is_found():
    # Of two values, Flask reads the first.
    with pytest.raises(AssertionError, match="has lost spaces"):
        check_receiver(
            app, lambda: received[-1], "https://n.example/pb?click=(clickid)&app=(app_name)", repeated="first"
        )
