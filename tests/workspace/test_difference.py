"""What an edit of a template changes for the partner."""

import json

import pytest

from macroengine import Policy
from macroengine.workspace.difference import diff
from tests.support.terminal import terminal
from tests.support.trying import with_each

BASE = "https://n.example/pb"


@with_each(
    ("old", "new", "expected"),
    [
        pytest.param("?a=(ip)", "?a=(ip)", [], id="same"),
        pytest.param("?a=(clickid)", "?a=(click-id)", [], id="another-spelling"),
        pytest.param("?a=(ip)&b=1", "?b=1&a=(ip)", [], id="another-order"),
        pytest.param("?a=(ip)", "", ["-removed: 'a' is no longer sent, which was filled with (ip)"], id="removed"),
        pytest.param("?a=1", "", ["-removed: 'a' is no longer sent"], id="removed-text"),
        pytest.param("", "?a=(clickid)", ["added: 'a' is new, filled with (clickid)"], id="added"),
        pytest.param("", "?a=1", ["added: 'a' is new, always '1'"], id="added-text"),
        pytest.param("?a=(clickid)", "?b=(clickid)", ["-renamed: 'a' is renamed to 'b'"], id="renamed"),
        pytest.param("?a=(ip)", "?a=(city)", ["-refilled: 'a' is filled with (city), not (ip)"], id="other-field"),
        pytest.param("?a=(ip)", "?a=(ip)-(city)", ["refilled: 'a' is filled with (ip), (city), not (ip)"], id="more"),
        pytest.param("?a=(idfa)", "?a=1", ["-refilled: 'a' is filled with '1', not (idfa)"], id="no-field"),
        pytest.param(
            "?a=(idfa)", "?a=(sha1-idfa)", ["-refilled: 'a' is filled with (sha1-idfa), not (idfa)"], id="hashed"
        ),
        pytest.param("?a=(x)", "?a=(y)", ["-refilled: 'a' is filled with (y), not (x)"], id="unknown"),
        pytest.param("?a=1", "?a=2", ["rewritten: 'a' is '2', not '1'"], id="text"),
        pytest.param("?a=x(ip)", "?a=y(ip)", ["rewritten: 'a' is 'y(ip)', not 'x(ip)'"], id="text-around"),
        pytest.param(
            "?u=https%3A%2F%2Fx%3Fi%3D(ip)",
            "?u=(ip)",
            ["another depth: 'u' is encoded once, not twice"],
            id="depth",
        ),
        pytest.param(
            "?u=(ip)",
            "?u=https%3A%2F%2Fx%3Fi%3Dhttps%253A%252F%252Fy%253Fi%253D(ip)",
            ["another depth: 'u' is encoded 3 times, not once"],
            id="deeper",
        ),
        pytest.param("?a=1&a=2", "?a=1", ["-removed: 'a' is no longer sent"], id="repeated"),
        pytest.param("?=1", "?=2", ["rewritten: '(no name)' is '2', not '1'"], id="no-name"),
        pytest.param("/x?a=1", "/y?a=1", ["rewritten: 'path' is '/pb/y', not '/pb/x'"], id="path"),
        pytest.param("#x", "#y", ["rewritten: 'fragment' is 'y', not 'x'"], id="fragment"),
    ],
)
def test_changes(old, new, expected):
    changes = diff(BASE + old, BASE + new)
    assert [f"{'-' * one.lost}{one.kind}: {one.message}" for one in changes] == expected


def test_another_server_loses_all():
    (change,) = diff("http://n.example", "https://n.example")
    assert (change.name, change.lost, change.message) == (
        "server",
        True,
        "'server' is 'https://n.example', not 'http://n.example'",
    )
    assert diff("?a=1", "?a=1") == []
    assert [one.kind for one in diff("n.example?a=1", "https://n.example?a=1")] == ["removed", "added"]


def test_what_is_newly_withheld_or_personal():
    policy = Policy(send_all=True)
    changes = diff(f"{BASE}?a=(appsflyer_id)", f"{BASE}?a=(clickid)&i=(idfa)", policy=policy)
    assert [(one.kind, one.lost) for one in changes] == [
        ("refilled", True),
        ("withheld", True),
        ("added", False),
        ("personal", False),
    ]
    assert changes[1].message == (
        "'a' is now empty for events that are not attributed to the network: (clickid) is withheld"
    )
    assert changes[3].message == "'i' now has a value that identifies a person or device: idfa"
    assert [one.lost for one in diff(BASE, f"{BASE}?a=(clickid)", policy=policy)] == [False, False]
    assert "withheld" not in {one.kind for one in diff(BASE, f"{BASE}?a=(clickid)")}


def test_what_consent_withholds():
    policy = Policy(consent=True)
    changes = diff(f"{BASE}?a=(clickid)", f"{BASE}?a=(idfa)", policy=policy)
    assert [(one.kind, one.lost) for one in changes] == [("refilled", True), ("consent", True), ("personal", False)]
    assert changes[1].message == "'a' is now empty for users who do not share identifiers: (idfa) is withheld"
    assert "consent" not in {one.kind for one in diff(f"{BASE}?a=(clickid)", f"{BASE}?a=(idfa)")}


# The command

OLD = f"partner,event,template\nAcme,install,{BASE}?a=(clickid)\nBeta,,{BASE}?a=(ip)\nSame,,{BASE}\nOld,,{BASE}\n"
NEW = f"partner,event,template\nNew,,{BASE}\nSame,,{BASE}\nBeta,,{BASE}?b=(ip)\nAcme,install,{BASE}?a=(clickid)&n=1\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "old.csv").write_text(OLD)
    (tmp_path / "new.csv").write_text(NEW)


def test_two_templates(run):
    result = run("diff", f"{BASE}?a=(clickid)", f"{BASE}?b=(clickid)&c=1")
    assert result == (1, "- 'a' is renamed to 'b'\n+ 'c' is new, always '1'\n2 changes, 1 lost\n", "")
    assert run("diff", BASE, BASE) == (0, "nothing changes for the partner\n", "")
    options = ["--dialect", "auto", "--consent"]
    assert "{ios_ifa} is withheld" in run("diff", f"{BASE}?a={{click_id}}", f"{BASE}?a={{ios_ifa}}", *options).out
    assert run("diff", BASE, f"{BASE}?a=1").out == "+ 'a' is new, always '1'\n1 change, 0 lost\n"
    assert run("diff", f"{BASE}?a=1", f"{BASE}?a=2").out.startswith("~ ")


@pytest.mark.parametrize("form", ["text", "json", "md"])
def test_two_files_are_compared_by_partner(run, files, golden, request, form):
    result = run("diff", "old.csv", "new.csv", "--format", form)
    assert (result.status, result.err) == (1, "")
    golden(request.path.parents[1] / "cases" / "reports" / f"diff.{form}", result.out)


def test_json_and_markdown_of_nothing(run, files):
    assert json.loads(run("diff", "old.csv", "old.csv", "--format", "json").out) == []
    assert run("diff", "old.csv", "old.csv", "--format", "md").out == "Nothing changes for the partner.\n"


@pytest.mark.parametrize("columns", [20, 60])
def test_changes_fit_a_terminal(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("diff", f"{BASE}?a=(clickid)", BASE)
        text = shown.text
    assert max(map(len, text.splitlines())) <= columns


def test_lines_are_compared_by_number_and_cells_by_place(run, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    (tmp_path / "old.txt").write_text(f"# ours\n{BASE}?a=1\n")
    (tmp_path / "new.txt").write_text(f"# ours\n{BASE}\n")
    assert json.loads(run("diff", "old.txt", "new.txt", "--format", "json").out)[0]["partner"] == "line 2"
    book = openpyxl.Workbook()
    book.active.title = "P"
    for value in ("template", f"{BASE}?a=1"):
        book.active.append([value])
    book.save(tmp_path / "t.xlsx")
    assert (
        run("diff", "old.txt", "t.xlsx").out
        == "line 2: the template is removed\nP!A2: a new template\n2 changes, 1 lost\n"
    )


def test_several_templates_of_a_partner_are_compared_in_order(run, files, tmp_path):
    (tmp_path / "new.csv").write_text(OLD + f"Acme,install,{BASE}\nAcme,install,{BASE}?x=1\n")
    result = run("diff", "old.csv", "new.csv")
    assert result.out == "Acme (install) 2: a new template\nAcme (install) 3: a new template\n2 changes, 0 lost\n"


def test_a_file_is_not_compared_with_a_template(run, files):
    assert "compare two templates, or two files" in run("diff", "old.csv", BASE).err
