"""The bundle that is committed is what its source gives, within what a page may be made to load."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import widget

SOURCE = Path(widget.__file__).parent
LAUNCHER_BYTES = 15_000
WHOLE_BYTES = 40_000


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node, which builds the widget")
@pytest.mark.skipif(not (SOURCE / "node_modules").exists(), reason="nothing to build with: run `npm ci` in widget/")
def test_the_committed_bundle_comes_from_its_source(tmp_path: Path) -> None:
    built = subprocess.run(["node", SOURCE / "build.mjs", tmp_path], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr

    fresh, committed = _files(tmp_path), _files(widget.DIST)
    assert fresh.keys() == committed.keys(), "run `make widget` and commit widget/dist"
    assert [name for name in fresh if fresh[name] != committed[name]] == []


def test_a_page_loads_little_before_the_chat_is_opened_and_not_much_in_all() -> None:
    launcher = (widget.DIST / "widget.js").read_bytes()
    chat = re.search(rb"chat-\w+\.js", launcher)
    assert chat is not None
    launcher_size = len(gzip.compress(launcher, 9))
    chat_size = len(gzip.compress((widget.DIST / chat.group().decode()).read_bytes(), 9))
    assert launcher_size <= LAUNCHER_BYTES
    assert launcher_size + chat_size <= WHOLE_BYTES
