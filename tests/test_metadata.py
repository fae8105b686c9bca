"""What setup.cfg promises: the tests find what they import, and a browser needs no Numba."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED_WITH = {"PIL": "imageio", "sklearn": "scikit-learn"}  # where import and package differ


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def requirements(text: str) -> set[str]:
    """Return the names of the packages in a list of requirements."""
    return {re.split(r"[<>=;\s]", line.strip())[0] for line in text.splitlines() if line.strip()}


def installed_for_tests() -> set[str]:
    """Return what the README's test command installs, by name."""
    parser = settings()
    return requirements(parser["options"]["install_requires"]) | requirements(
        parser["options.extras_require"]["test"]
    )


def imported_on_collection(path: Path) -> set[str]:
    """Return the packages that a file imports at its top, without which pytest stops."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_every_test_file_can_be_collected_with_the_test_extra_alone():
    here = {path.stem for path in ROOT.glob("tests/**/*.py")}
    own = {"scratchrnn", "tests", "tutorials", "benchmarks", *here}
    known = own | set(sys.stdlib_module_names) | installed_for_tests()
    for path in [*ROOT.glob("tests/test_*.py"), *ROOT.glob("tests/*/test_*.py")]:
        for name in imported_on_collection(path):
            assert SHIPPED_WITH.get(name, name) in known, f"{path.name} imports {name}"


@pytest.mark.parametrize(("platform", "wanted"), [("Emscripten", False), ("Linux", True)])
def test_numba_is_required_everywhere_but_under_emscripten(platform, wanted):
    markers = pytest.importorskip("packaging.requirements")
    lines = settings()["options"]["install_requires"].split("\n")
    required = {
        one.name
        for one in map(markers.Requirement, filter(None, lines))
        if one.marker is None or one.marker.evaluate({"platform_system": platform})
    }
    assert ("numba" in required) is wanted
    assert "numpy" in required


def test_in_a_browser_the_readable_backend_is_the_default_and_needs_no_numba():
    code = (
        "import sys; sys.platform = 'emscripten'; sys.modules['numba'] = None\n"
        "import numpy as np, scratchrnn\n"
        "from scratchrnn.layers import GRU\n"
        "layer = GRU(3); y = layer(np.ones((2, 4, 5))); layer.backward(np.ones_like(y))\n"
        "print(scratchrnn.get_backend())\n"
        "try:\n    scratchrnn.set_backend('numba')\n"
        "except RuntimeError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
        timeout=300, env={"PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "numpy"
    assert "cannot run" in done.stdout
