"""The Starlette receiver reads postbacks correctly."""

from receiver_fuzz.starlette_app import app, received

from macroengine.testing import check_receiver


def test_starlette_reads_postbacks_right():
    check_receiver(app, lambda: received[-1], "https://n.example/pb?click=(clickid)&app=(app_name)", examples=200)
