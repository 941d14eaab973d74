"""What a file of partners may say."""

from pathlib import Path

import pytest
from attribution_service.partners import Config

PARTNERS = Path(__file__).parents[1] / "partners.toml"


@pytest.mark.parametrize("flag", ['"false"', '"no"', "0", "1"])
def test_a_flag_in_words_or_figures_is_refused_and_not_taken_for_yes(tmp_path, flag):
    path = tmp_path / "partners.toml"
    text = PARTNERS.read_text("utf-8")
    path.write_text(text.replace("send_all    = false", f"send_all    = {flag}"), "utf-8")
    with pytest.raises(TypeError, match="send_all must be True or False, not "):
        Config(path)
    assert len(Config(PARTNERS).apps) == 1
