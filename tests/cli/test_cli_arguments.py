"""What an argument is taken for: a template, a file, standard input, or a misspelt name of a file."""

import pytest

GOOD = "https://n.example/pb?id=(clickid)"
EVENT = b'{"click_id": "7"}'


def message(run, *arguments, stdin=b""):
    """Return what a call that is refused says, without the name of the program and the way to help."""
    status, out, err = run(*arguments, stdin=stdin)
    assert (status, out, err.count("\n")) == (2, "", 1)
    return err.removeprefix("macroengine: ").rstrip().partition(" (see ")[0]


# Standard input


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("check - -", "2 times"),
        ("check - --file -", "for TEMPLATE and --file"),
        ("check --file - --request -", "for --file and --request"),
        ("preview - --event -", "for TEMPLATE and --event"),
        ("preview --request - --event -", "for --request and --event"),
        ("diff - -", "for OLD and NEW"),
        ("detect - --file -", "for TEMPLATE and --file"),
        ("translate - - - --to adjust", "3 times"),
        ("match --file - --events -", "for --file and --events"),
        ("match --file - -", "for --file and URL"),
        ("match - https://n.example/ --event -", "for TEMPLATE and --event"),
        ("render --file - --events -", "for --file and --events"),
        ("render - --event -", "for TEMPLATE and --event"),
        ("render --request - --event -", "for --request and --event"),
        ("render --request - --key-file - --set click_id=1", "for --request and --key-file"),
        ("intake appsflyer-s2s - --installs -", "for FILE and --installs"),
    ],
)
def test_standard_input_is_not_read_twice(run, command, where):
    said = message(run, *command.split(), stdin=GOOD.encode())
    assert said == f"standard input can be read only once, but - is given {where}"


def test_one_event_from_standard_input_is_for_all_previews(run):
    result = run("preview", GOOD, "?c={click_id}", "--dialect", "auto", "--event", "-", stdin=EVENT)
    assert result.status == 0
    assert "attributed      https://n.example/pb?id=7\n" in result.out
    assert "attributed      ?c=7\n" in result.out


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["render", "-", "--set", "click_id=1"], "https://n.example/pb?id=1\n"),
        (["sample", "-", "-n", "0"], ""),
        (["match", "-", "https://n.example/pb?id=1"], "parameter\tmacro\tfield\tstate\tvalue\n"),
        (["explain", "-"], "place\tmacro\tfield\t"),
        (["parse", "-"], f"{GOOD}\n├── scheme\n"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_a_template_can_come_from_standard_input(run, command, expected):
    result = run(*command, stdin=f"{GOOD}\n".encode())
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(expected)


@pytest.mark.parametrize("command", [["render", GOOD], ["preview", GOOD], ["match", GOOD, "https://n.example/pb?id=7"]])
def test_an_event_is_not_given_as_json_itself(run, command):
    said = message(run, *command, "--event", EVENT.decode())
    assert said == "an event is read from a file; give its name, or pipe the JSON to --event -"
    assert run(*command, "--event", "-", stdin=EVENT).status == 0


# Files


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["render", "t.txt", "--set", "click_id=1"], "https://n.example/pb?id=1\n"),
        (["sample", "t.txt", "-n", "1", "--format", "url"], "https://n.example/pb?id="),
        (["match", "t.txt", "https://n.example/pb?id=1"], "parameter\tmacro\tfield\tstate\tvalue\nid\tclickid"),
        (["explain", "t.txt"], "place\tmacro\tfield\tsource\tsend all\tavailable\tencoded\texample\nt.txt:1\t"),
        (["parse", "t.txt"], f"{GOOD}\n├── scheme\n"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_an_argument_that_is_a_file_is_read_as_check_reads_it(run, tmp_path, command, expected):
    (tmp_path / "t.txt").write_text(f"{GOOD}\n")
    result = run(*command)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(expected)


@pytest.mark.parametrize("name", ["partners.xslx", "partner.xlsx", "partners", "Partners.XLSX2"])
def test_a_misspelt_name_of_a_file_is_told_the_right_one(run, tmp_path, name):
    (tmp_path / "partners.xlsx").touch()
    (tmp_path / ".partners.swp").touch()
    assert message(run, "check", name) == f"{name}: no such file; did you mean 'partners.xlsx'?"


@pytest.mark.parametrize(
    ("command", "otherwise"),
    [
        (["check"], "to check it as a template, pipe it to --file -"),
        (["preview"], "to check it as a template, pipe it to --file -"),
        (["render", "--set", "click_id=1"], "to render it as a template, pipe it to --file -"),
        (["parse"], "to read it as a template, pipe it to --file -"),
        (["sample"], "to read it as a template, pipe it to --file -"),
        (["explain"], "to explain it as a template, pipe it to --file -"),
        (["diff", "old.csv"], "compare two templates, or two files"),
        (["match", GOOD], "to read it as a URL, pipe it to --events -"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)
def test_a_name_that_is_like_no_file_is_not_read_as_a_template(run, tmp_path, command, otherwise):
    (tmp_path / "old.csv").touch()
    for name in ("export.dat", "templates/list.docx", "no/such"):
        assert message(run, *command, name) == f"{name}: no such file; {otherwise}"


def test_options_for_files_suggest_the_right_name(run, tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "event.json").touch()
    said = message(run, "render", GOOD, "--event", "lists/evnt.json")
    assert said.replace("\\\\", "/") == "lists/evnt.json: no such file or directory; did you mean 'lists/event.json'?"
    assert message(run, "check", "--file", "none/t.txt") == "none/t.txt: no such file or directory"


def test_versions_of_which_one_is_a_template_are_not_compared(run, tmp_path):
    (tmp_path / "old.csv").touch()
    assert message(run, "diff", "old.csv", GOOD) == "compare two templates, or two files"
    assert message(run, "diff", GOOD, "old.csv") == "compare two templates, or two files"


@pytest.mark.parametrize("template", ["clickid", "n.example", "127.0.0.1", "x:y.zip", "(clickid).xslx", "x" * 300])
def test_a_word_that_no_file_is_called_like_is_a_template(run, tmp_path, template):
    (tmp_path / "partners.xlsx").touch()
    assert run("check", template).status < 2


# Nothing


@pytest.mark.parametrize("content", ["", "\n\n", "# none yet\n"])
@pytest.mark.parametrize(
    ("command", "out"),
    [
        (["check"], "no templates found\n"),
        (["check", "--fix"], "no templates found\n"),
        (["check", "--diff"], ""),
        (["check", "--format", "json"], "[\n]\n"),
        (["preview"], ""),
        (["detect", "--format", "json"], "[]\n"),
        (["translate", "--to", "adjust"], ""),
        (["explain"], "place\tmacro\tfield\tsource\tsend all\tavailable\tencoded\texample\n"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_a_file_without_templates_is_named(run, tmp_path, command, out, content):
    (tmp_path / "none.txt").write_text(content)
    assert run(*command, "none.txt") == (0, out, "macroengine: none.txt: no templates in it\n")


def test_code_need_not_have_templates(run, tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "t.csv").write_text("template\n")
    (tmp_path / "good.txt").write_text(GOOD)
    result = run("check", "a.py", "t.csv", "good.txt")
    assert result == (0, "nothing found in 1 template\n", "macroengine: t.csv: no templates in it\n")
    assert run("check", "a.py") == (0, "no templates found\n", "")


def test_two_empty_versions_are_the_same_and_say_that_they_are_empty(run, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).touch()
    notes = "macroengine: a.txt: no templates in it\nmacroengine: b.txt: no templates in it\n"
    assert run("diff", "a.txt", "b.txt") == (0, "nothing changes for the partner\n", notes)


# What cannot be used


@pytest.mark.parametrize("command", [["check"], ["render", GOOD, "--event"], ["check", "--request"]])
def test_a_broken_link_is_called_one(run, tmp_path, command):
    (tmp_path / "broken.txt").symlink_to("nowhere")
    said = "broken.txt: no such file or directory; it is a broken link to 'nowhere'"
    assert message(run, *command, "broken.txt") == said


@pytest.mark.parametrize("command", [["render", "--set", "click_id=1"], ["sample", "-n", "1"], ["bulk"]])
@pytest.mark.parametrize("codes", ["ME222,ME101", "ME222, unknown-macro"])
def test_rules_to_ignore_are_separated_by_commas(run, tmp_path, command, codes):
    pytest.importorskip("duckdb")
    (tmp_path / "in.csv").write_text("click_id\n1\n")
    files = ["--input", "in.csv", "--output", "out.csv"] if command == ["bulk"] else []
    bad = f"{GOOD}&amp;x=(no)"
    assert run(*command, *files, bad, "--unknown", "keep", "--ignore", codes).status == 0
    assert message(run, *command, *files, bad, "--ignore", "ME222,NOPE").startswith("unknown rule 'NOPE' (known: ME001")


@pytest.mark.parametrize("codes", ["ME222,ME101", " ME222, ME101 "])
def test_rules_to_check_are_separated_by_commas(run, tmp_path, codes):
    bad = f"{GOOD}&amp;x=(no)"
    assert run("check", bad, "--ignore", codes).status == 0
    found = [line.split()[1] for line in run("check", f"{bad}&&", "--select", codes).out.splitlines() if ":1:" in line]
    assert found == ["ME222", "ME101"]
    for option in ("--select", "--ignore"):
        assert message(run, "check", bad, option, "ME222, NOPE").startswith(f"{option}: unknown rule 'NOPE' (known: ")


@pytest.mark.parametrize(
    ("code", "found"),
    [("NOPE", " (known: ME001 to ME310, ME601 to ME651)"), ("me651", "; did you mean 'ME651'?")],
)
def test_an_unknown_rule_is_told_all_that_can_be_ignored(run, code, found):
    assert message(run, "check", GOOD, "--ignore", code) == f"--ignore: unknown rule {code!r}{found}"


@pytest.mark.parametrize("command", [["render", "--set", "click_id=1"], ["sample"]])
@pytest.mark.parametrize("missing", ["drop", "empty"])
def test_what_is_sent_for_a_missing_value_is_said_once(run, command, missing):
    for options in (["--missing", missing, "--default", "x"], ["--default", "x", "--missing", missing]):
        assert message(run, *command, GOOD, *options) == "give --missing or --default, not both"


def test_a_source_in_an_event_is_an_object(run, tmp_path):
    (tmp_path / "e.json").write_text('{"link": 3}')
    assert message(run, "render", GOOD, "--event", "e.json") == "e.json: 'link' must be an object, not a number"


def test_json_lines_have_each_key_once(run, tmp_path):
    (tmp_path / "t.jsonl").write_text(f'"{GOOD}"\n{{"template":"A","template":"{GOOD}"}}\n')
    status, _, err = run("check", "t.jsonl")
    assert (status, err) == (2, "macroengine: t.jsonl:2: key 'template' is repeated in one object\n")


def test_a_request_that_is_not_in_a_toml_file_is_json(run, tmp_path):
    toml = f'method = "GET"\nurl = "{GOOD}"\n'
    where = "1:1: not JSON: expecting value"
    said = f"standard input:{where}; a request on standard input must be JSON"
    assert message(run, "check", "--request", "-", stdin=toml.encode()) == said
    for name, more in (("r.txt", "; a request in a file that is not called .toml must be JSON"), ("r.json", "")):
        (tmp_path / name).write_text(toml)
        assert message(run, "check", "--request", name) == f"{name}:{where}{more}"
    assert "standard input, which must be JSON" in " ".join(run("check", "--help").out.split())


@pytest.mark.parametrize("what", ["ME101", "unknown-macro", "ME651", "t.txt", "list", "-"])
def test_only_a_template_is_declared(run, tmp_path, what):
    for name in ("t.txt", "list"):
        (tmp_path / name).write_text(GOOD)
    said = "--format adcp declares the macros of one template; give it as an argument"
    assert message(run, "explain", what, "--format", "adcp") == said


def test_a_word_that_is_no_rule_may_be_a_file(run, tmp_path):
    (tmp_path / "list").write_text(GOOD)
    (tmp_path / "folder").mkdir()
    (tmp_path / "ME101").mkdir()
    (tmp_path / "unchecked-template").mkdir()
    assert run("explain", "list").out == run("explain", "--file", "list").out
    assert message(run, "explain", "folder") == "folder: is a directory"
    assert run("explain", "ME101").out.startswith("ME101 unknown-macro")
    assert run("explain", "unchecked_template").out.startswith("ME651 unchecked-template")


@pytest.mark.parametrize("name", ["macroengine.toml", "pyproject.toml"])
def test_settings_that_cannot_be_read_are_not_passed_over(run, tmp_path, name):
    (tmp_path / name).mkdir()
    assert message(run, "check", GOOD).endswith(f"{name}: is a directory")
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to("no")
    assert message(run, "check", GOOD).endswith("no such file or directory; it is a broken link to 'no'")
