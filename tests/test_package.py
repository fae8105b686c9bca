"""The package as a whole: what an import costs, what is installed, which way imports run."""

from __future__ import annotations

import ast
import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import scratchrnn

ROOT = Path(__file__).resolve().parents[1]
LAZY = ("numba", "matplotlib", "imageio", "av", "threadpoolctl", "PIL")


def run_python(code: str, cwd: Path = ROOT, **environment: str) -> str:
    """Run `code` in a Python of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_neither_numba_nor_matplotlib_nor_video():
    code = f"import sys, scratchrnn; print([m for m in {LAZY!r} if m in sys.modules])"
    assert run_python(code).strip() == "[]"


def test_layers_and_models_load_without_plotting_or_video():
    code = (
        "import sys, scratchrnn.models, scratchrnn.losses; "
        f"print([m for m in {LAZY!r} if m in sys.modules])"
    )
    assert run_python(code).strip() == "[]"


def test_every_lazy_name_of_the_top_level_resolves():
    for name in scratchrnn.__all__:
        assert getattr(scratchrnn, name) is not None
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = scratchrnn.no_such_thing


def test_checkout_imports_without_installation(tmp_path):
    code = "import scratchrnn.kernels, scratchrnn.cells; print(scratchrnn.kernels.__file__)"
    outside = run_python(code, cwd=tmp_path, PYTHONPATH=str(ROOT)).strip()
    assert Path(outside) == ROOT / "kernels" / "__init__.py"
    inside = run_python(code, cwd=ROOT).strip()
    assert Path(inside).resolve() == ROOT / "kernels" / "__init__.py"


def listed_packages() -> set[str]:
    """Return the packages that setup.cfg names."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    return set(settings["options"]["packages"].split())


def test_the_list_of_packages_is_complete():
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for init in (ROOT / "scratchrnn").rglob("__init__.py")
    }
    assert listed_packages() == found | {"scratchrnn.kernels"}


def test_the_wheel_holds_everything_under_one_name(tmp_path):
    copy = tmp_path / "copy"
    for folder in ("scratchrnn", "kernels"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *build, str(copy)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"scratchrnn"}
    missing = {
        f"scratchrnn/kernels/{path.name}" for path in (ROOT / "kernels").glob("*.py")
    } - set(names)
    assert not missing
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = "import scratchrnn.kernels; print(scratchrnn.kernels.__file__)"
    place = run_python(code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "installed")).strip()
    assert Path(place) == tmp_path / "installed" / "scratchrnn" / "kernels" / "__init__.py"


def imported_modules(path: Path) -> list[str]:
    """Return the absolute names that a file imports, at any depth."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    package = ("scratchrnn", *package) if package[0] == "kernels" else package
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found += [stem, *(f"{stem}.{alias.name}" for alias in node.names)]
    return found


STANDARD = set(sys.stdlib_module_names) | {"__future__"}


def test_cells_import_numpy_and_nothing_else():
    for path in (ROOT / "scratchrnn" / "cells").glob("*.py"):
        for name in imported_modules(path):
            top = name.split(".")[0]
            assert top in STANDARD | {"numpy"} or name.startswith("scratchrnn.cells"), (path, name)


def test_kernels_know_nothing_of_the_library():
    allowed = STANDARD | {"numpy", "numba", "llvmlite", "threadpoolctl"}
    for path in (ROOT / "kernels").glob("*.py"):
        for name in imported_modules(path):
            top = name.split(".")[0]
            assert top in allowed or name.startswith("scratchrnn.kernels"), (path, name)


FLOORS = {  # higher may import lower
    "cli": 6,
    **dict.fromkeys(("explain", "video", "interop", "exercises", "plot", "demo", "report"), 5),
    **dict.fromkeys(("tracking", "recognition", "actions"), 5),
    "models": 4,
    **dict.fromkeys(("layers", "losses", "optimizers", "metrics", "callbacks"), 3),
    "backend": 2,
    **dict.fromkeys(("cells", "kernels"), 1),
}


def test_imports_run_downward():
    for path in (ROOT / "scratchrnn").rglob("*.py"):
        own = path.relative_to(ROOT / "scratchrnn").with_suffix("").parts[0]
        if own not in FLOORS:
            continue
        for name in imported_modules(path):
            parts = name.split(".")
            if parts[0] != "scratchrnn" or len(parts) < 2 or parts[1] not in FLOORS:
                continue
            assert FLOORS[parts[1]] <= FLOORS[own], f"{path.name} ({own}) imports {name}"


def test_nothing_names_a_machine_or_imports_kernels_twice():
    for folder in ("scratchrnn", "kernels", "tests", "benchmarks", "tutorials"):
        for path in (ROOT / folder).rglob("*.py"):
            names = imported_modules(path) if path.parts[-2] != "tests" else []
            assert not any(name.split(".")[0] == "kernels" for name in names), path
