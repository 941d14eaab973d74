"""A real editor, with the lines of docs/editors.md: it opens a file, shows findings, applies fixes and saves."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="pygls is not installed: pip install 'macroengine[lsp]'")

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "editors.md"
NEOVIM = shutil.which("nvim")
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell"),
    pytest.mark.skipif(NEOVIM is None and "CI" not in os.environ, reason="there is no nvim on this machine"),
]

SCRIPT = """
local seen = {}
local function found()
  local all = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(all, { one.code or one.user_data.lsp.code, one.lnum, one.col, one.end_col, one.message })
  end
  return all
end
local function note(name, value)
  seen[name] = value
end
local function wait_until(count)
  vim.wait(30000, function() return #vim.diagnostic.get(0) == count end, 20)
end
local function request(method, params)
  for _, answer in pairs(vim.lsp.buf_request_sync(0, method, params, 10000) or {}) do
    return answer.result
  end
end

wait_until(2)
note("opened", found())
local params = vim.lsp.util.make_range_params(0, "utf-16")
params.range = { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 60 } }
params.context = { diagnostics = {}, only = { "quickfix" } }
local actions = request("textDocument/codeAction", params)
note("titles", vim.tbl_map(function(one) return one.title end, actions))
for _, action in ipairs(actions) do
  if action.title:find("clickid") then
    vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
  end
end
wait_until(1)
note("fixed", found())
note("line", vim.api.nvim_buf_get_lines(0, 0, 1, true)[1])
vim.cmd("write")
wait_until(0)
note("saved", found())
vim.api.nvim_buf_set_lines(0, 1, 1, true, { "https://n.example/pb?c=(clickd)" })
wait_until(1)
note("typed", found())
local file = io.open("seen.json", "w")
file:write(vim.json.encode(seen))
file:close()
vim.cmd("qall!")
"""


def test_an_editor_shows_findings_and_fixes_them(tmp_path):
    assert NEOVIM is not None, "there is no nvim on this machine"
    blocks = re.findall(r"```lua\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "init.lua").write_text("".join(blocks), encoding="utf-8")
    (tmp_path / "script.lua").write_text(SCRIPT, encoding="utf-8")
    command = tmp_path / "bin" / "macroengine"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m macroengine "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    template = "https://n.example/😀?c=(clickd)&;ip=(ip)"
    (tmp_path / "t.txt").write_text(f"{template}\n", encoding="utf-8")
    (tmp_path / "macroengine.toml").write_text('ignore = ["ME226"]', encoding="utf-8")
    done = subprocess.run(
        [NEOVIM, "--headless", "--clean", "-u", "init.lua", "t.txt", "-c", "luafile script.lua"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (tmp_path / "seen.json").exists(), done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    # Columns of Neovim are bytes: the emoji has four.
    before = len("https://n.example/😀?c=".encode())
    assert [one[:4] for one in seen["opened"]] == [
        ["ME101", 0, before, before + 8],
        ["ME222", 0, before + 8, before + 10],
    ]
    assert seen["opened"][0][4] == "unknown macro 'clickd'; did you mean 'clickid'?"
    assert seen["titles"] == ["Replace (clickd) with (clickid) (ME101, unsafe)", "Replace &; with & (ME222)"]
    assert [one[0] for one in seen["fixed"]] == ["ME222"]
    assert seen["line"] == "https://n.example/😀?c=(clickid)&;ip=(ip)"
    assert not seen["saved"]
    assert (tmp_path / "t.txt").read_text(encoding="utf-8") == "https://n.example/😀?c=(clickid)&ip=(ip)\n"
    assert [one[:2] for one in seen["typed"]] == [["ME101", 1]]
