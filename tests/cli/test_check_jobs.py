"""Checking with several processes: the reports are those of one process, to the byte."""

import os
from threading import Thread

import pytest

from macroengine.cli import parallel
from macroengine.cli.inputs import InputError
from macroengine.cli.parallel import in_order
from tests.support.trying import slow_after

TEMPLATES = [f"https://n{number}.example/pb?id=(clickd{number % 7})&&ip=(ip)" for number in range(450)]


@pytest.fixture
def write(tmp_path):
    def write(text, name):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def numbered(arguments):
    return list(enumerate(arguments))


@pytest.mark.parametrize("form", slow_after(1, ["json", "text", "github", "sarif"]))
def test_reports_are_those_of_one_process(run, write, form):
    file = write("\n".join(TEMPLATES), "many.txt")
    alone = run("check", file, "--format", form)
    assert run("check", file, "--format", form, "--jobs", "2") == alone
    assert alone[0] == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_is_raised_after_what_was_read_before_it(jobs):
    def work():
        yield from numbered(TEMPLATES)
        raise InputError("the end is missing")

    done = []
    with pytest.raises(InputError, match="the end is missing"):
        done.extend(in_order(len, work(), jobs))
    assert done == numbered(map(len, TEMPLATES))


@pytest.mark.slow
def test_what_was_read_before_an_error_is_reported_first(run, write):
    file = write("".join(f'"{template}"\n' for template in TEMPLATES) + '{"x\n', "many.jsonl")
    alone = run("check", file)
    assert run("check", file, "--jobs", "2") == alone
    assert alone[0] == 2
    assert "unknown macro" in alone[1]


def test_jobs_only_check(run):
    for other in ("--fix", "--diff"):
        status, _, err = run("check", "https://n.example", other, "--jobs", "2")
        assert status == 2
        assert "--jobs only checks; omit it with --fix and --diff" in err
    assert run("check", "https://n.example", "--jobs", "0")[0] == 2


def test_few_templates_start_no_process(monkeypatch):
    monkeypatch.delattr(parallel, "_workers")
    assert list(in_order(len, numbered(["a", "bc"]), 2)) == [(0, 1), (1, 2)]
    assert list(in_order(len, [], 2)) == []


def test_results_come_in_the_order_of_the_work():
    words = ["a" * (number % 10) for number in range(1_500)]
    assert list(in_order(len, numbered(words), 2)) == numbered(map(len, words))


def test_errors_in_a_process_are_raised_here():
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_order(int, numbered(["x"] * 200), 2))


def test_process_that_is_ended_is_an_error_and_no_wait():
    with pytest.raises(InputError, match="a process that checks templates was ended; use --jobs 1"):
        list(in_order(os._exit, numbered([3] * 200), 2))


def test_other_threads_leave_signals_alone():
    done = []
    thread = Thread(target=lambda: done.extend(in_order(len, numbered(["a"] * 200), 2)))
    thread.start()
    thread.join()
    assert done == numbered([1] * 200)
