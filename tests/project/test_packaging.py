"""What is built, and that it works where it is installed: away from the checkout, with nothing else around."""

import email
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import macroengine

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STEM = f"{PROJECT['name']}-{macroengine.__version__}"

# Built as what is tested was built: a machine may have got a compiler since.
ENVIRONMENT = os.environ | ({} if macroengine.SPEEDUPS else {"CC": "false", "CXX": "false"})

pytestmark = [
    pytest.mark.slow,  # what is built is installed three times
    pytest.mark.skipif(
        not (ROOT / ".git").exists(), reason="an unpacked sdist is not built again; only git knows what belongs to it"
    ),
]

# One template of each dialect, so that every grammar and every catalogue is read.
RENDER = """
from macroengine import Event, render

event = Event(link={"click_id": "8594845 é"}, sdk={"idfa": "9c9a82fb-d5de-4cd1-90c3-527441c11828"})
print(render("https://n.example/pb?clickid=(clickid)&idfa=(sha1-idfa)", event))
print(render("https://n.example/pb/{click_id}?t={transaction_id}", event, dialect="appmetrica"))
"""
RENDERED = """\
https://n.example/pb?clickid=8594845%20%C3%A9&idfa=1d074de42d20d6c1e6e1baab6aac850e4f476554
https://n.example/pb/8594845%20%C3%A9?t=
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Return all that a command prints; fail with it where the command fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def source_files() -> set[str]:
    """Return the files of the checkout, those not yet committed included, without what only developers need."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    return {name for name in listed if not name.startswith(".") and (ROOT / name).is_file()}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """Return a copy of the checkout without the traces of earlier builds, which setuptools would take up."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in source_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def built(checkout, tmp_path_factory):
    """Return the folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, checkout, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def wheel(built):
    [path] = built.glob(f"{STEM}-*.whl")
    return path


@pytest.fixture(scope="session")
def sdist(built):
    return built / f"{STEM}.tar.gz"


@pytest.fixture(scope="session", params=["wheel", "sdist", pytest.param("checkout", id="editable")])
def python(request, tmp_path_factory):
    """Return the interpreter of a virtual environment in which macroengine is installed."""
    source = request.getfixturevalue(request.param)
    editable = ["--editable"] if request.param == "checkout" else []
    folder = tmp_path_factory.mktemp("environment")
    # The pip at hand installs; to set up another one in each environment would take longer than all the rest.
    venv.create(folder, with_pip=False)
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = (sys.executable, "-m", "pip", "--python", interpreter)
    run(*pip, "install", "--quiet", *editable, source, cwd=folder)
    run(*pip, "check", cwd=folder)
    return interpreter


def test_an_installed_package_renders_from_another_directory(python, tmp_path):
    assert run(python, "-I", "-c", RENDER, cwd=tmp_path) == RENDERED


def test_an_installed_package_imports_without_lark(python, tmp_path):
    run(python, "-I", "-c", "import macroengine, sys; assert 'lark' not in sys.modules", cwd=tmp_path)


def test_a_wheel_holds_the_package_the_grammar_and_nothing_else(wheel):
    sources = source_files()
    package = {name for name in sources if name.startswith("macroengine/") and not name.endswith((".c", ".h"))}
    grammar = {f"macroengine/{name}" for name in sources if name.startswith("grammar/")}
    held = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in held if name.startswith(f"{STEM}.dist-info/")}
    # Where there is a compiler, what it made of the C is in the wheel, and not the C.
    built = {name for name in held if name.startswith("macroengine/_speedups.") and name.endswith((".so", ".pyd"))}
    assert held - metadata - built == package | grammar
    assert len(built) == (1 if macroengine.SPEEDUPS else 0)
    assert f"{STEM}.dist-info/licenses/LICENSE" in metadata


def test_a_wheel_without_c_fits_every_platform(sdist, tmp_path):
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", sdist, cwd=tmp_path, MACROENGINE_PURE="1")
    [wheel] = tmp_path.iterdir()
    assert wheel.name == f"{STEM}-py3-none-any.whl"
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "_speedups." in name and ".pyi" not in name]


def test_an_sdist_holds_the_checkout(sdist):
    """A new folder beside the package needs its line in MANIFEST.in."""
    with tarfile.open(sdist) as archive:
        names = {member.name.removeprefix(f"{STEM}/") for member in archive if member.isfile()}
    generated = {name for name in names if name.startswith("macroengine.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    assert names - generated == source_files()


def test_the_description_of_the_project_is_its_readme(wheel):
    metadata = email.message_from_string(zipfile.ZipFile(wheel).read(f"{STEM}.dist-info/METADATA").decode())
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
    assert metadata["License-Expression"] == PROJECT["license"]
