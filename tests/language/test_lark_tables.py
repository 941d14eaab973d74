"""Whatever happens to the file of Lark's tables, a parser is built and the file is good again afterwards."""

import os
import pickle
import random

import pytest
from lark import Lark

from macroengine.language.lark_tables import kept_tables

GRAMMAR = """
start: (WORD | macro)*
macro: "(" WORD ")"
WORD: /[a-z]+/
"""


def build(path):
    """Build a parser whose tables are kept at `path`, and say whether they came from there."""
    with kept_tables(path) as cache:
        parser = Lark(GRAMMAR, parser="lalr", cache=cache)
    assert [str(tree.data) for tree in parser.parse("a(b)c").find_data("macro")] == ["macro"]
    assert [one.name for one in path.parent.iterdir()] in ([path.name], [])
    return parser.source_path == "<deserialized>"


@pytest.fixture
def tables(tmp_path):
    path = tmp_path / "kept.tables"
    assert not build(path)
    assert build(path)
    return path


def damages():
    chance = random.Random(7)
    yield pytest.param(lambda _: b"", id="empty")
    yield pytest.param(lambda good: good[: len(good) // 2], id="truncated")
    yield pytest.param(lambda good: good[:-1], id="a-byte-less")
    yield pytest.param(lambda good: b"\0" * len(good), id="zeroed")
    yield pytest.param(lambda good: good[:80] + b"\0" * len(good), id="zeroed-after-the-head")
    yield pytest.param(lambda _: random.Random(1).randbytes(4_000), id="random")
    yield pytest.param(lambda good: _head(good) + pickle.dumps({}) + pickle.dumps(5), id="another-pickle")
    yield pytest.param(
        lambda good: _head(good) + pickle.dumps({}) + pickle.dumps({"memo": {1: 2}, "data": {}}), id="another-version"
    )
    yield pytest.param(lambda good: _head(good) + b"\x80\x05\x8e" + b"\xff" * 7 + b"\x7f.", id="pickle-of-exabytes")
    for number in range(60):
        place, value = chance.random(), chance.randrange(1, 256)
        yield pytest.param(lambda good, p=place, v=value: _changed(good, int(p * len(good)), v), id=f"byte-{number}")


def _head(good):
    return good[: good.index(b"\n") + 1]


def _changed(good, place, value):
    return good[:place] + bytes([good[place] ^ value]) + good[place + 1 :]


@pytest.mark.parametrize("damage", list(damages()))
def test_damaged_tables_are_made_again(tables, damage, capfd):
    tables.write_bytes(damage(tables.read_bytes()))
    assert not build(tables)
    assert build(tables)
    assert capfd.readouterr() == ("", "")


def test_a_huge_file_is_not_read(tables):
    os.truncate(tables, 1 << 40)
    assert not build(tables)
    assert build(tables)


def test_what_is_no_file_is_replaced_or_left_alone(tables):
    tables.unlink()
    tables.symlink_to(tables)
    assert not build(tables)
    assert build(tables)
    tables.unlink()
    tables.mkdir()
    assert not build(tables)
    assert not build(tables)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tables):
    tables.unlink()
    os.mkfifo(tables)
    assert not build(tables)
    assert build(tables)


def test_a_folder_that_is_not_there_keeps_nothing(tmp_path):
    with kept_tables(tmp_path / "none" / "kept.tables") as cache:
        assert Lark(GRAMMAR, parser="lalr", cache=cache).parse("a")
    assert list(tmp_path.iterdir()) == []
