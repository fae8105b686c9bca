"""The documentation: its links lead somewhere, and it builds without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    for target in targets:
        if "://" not in target and not target.startswith("reference/"):  # made by the build
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_both_readmes_give_the_same_two_commands_first(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    demo, tests = re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)[:2]
    assert demo.endswith(".venv/bin/scratchrnn demo")
    assert tests.endswith(".venv/bin/python -m pytest -q -n auto")


def test_every_command_of_the_readme_exists():
    from scratchrnn.cli.parser import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    said = set(re.findall(r"^scratchrnn (\w+)", text, re.MULTILINE))
    assert {"train", "predict", "check", "exercises"} <= said <= set(COMMANDS)


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path):
    pytest.importorskip("sphinx")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", str(ROOT / "docs"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
