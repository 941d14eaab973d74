"""Pointers to repeated keys, compared with a reader that never identifies an object by its address."""

import json
import random

import pytest

from macroengine.intake.json_reader import below, read_json


def repeated(text):
    """Return the pointers to the repeated keys of what a reader keeps: the last value of each key."""
    pointers, rest = [], [("", json.loads(text, object_pairs_hook=tuple))]
    while rest:
        pointer, node = rest.pop()
        if isinstance(node, tuple):
            names = [name for name, _ in node]
            pointers += [below(pointer, name) for name in dict.fromkeys(names) if names.count(name) > 1]
            rest += [(below(pointer, name), item) for name, item in dict(node).items()]
        elif isinstance(node, list):
            rest += [(below(pointer, index), item) for index, item in enumerate(node)]
    return sorted(pointers)


def document(chance, depth=0):
    kind = chance.random()
    if depth > 4 or kind < 0.2:
        return "1"
    inner = [document(chance, depth + 1) for _ in range(chance.randrange(5))]
    if kind < 0.4:
        return f"[{','.join(inner)}]"
    return "{" + ",".join(f'"{chance.choice("abc")}":{item}' for item in inner) + "}"


def found(text):
    return sorted(one.pointer for one in read_json(text).diagnostics)


@pytest.mark.parametrize("seed", range(10))
def test_pointers_name_the_objects_with_repeated_keys(seed):
    chance = random.Random(seed)
    for _ in range(200):
        text = document(chance)
        assert found(text) == repeated(text), text
