"""The choice of a backend: what is asked for runs, and nothing falls back in silence."""

from __future__ import annotations

import contextvars
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import scratchrnn
from scratchrnn import backend, cells
from tests.recurrences import forward, functions


@pytest.fixture(autouse=True)
def choice_as_before():
    """Give the process's choice back."""
    before = backend._process_choice
    yield
    backend._process_choice = before


def python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run a program in a process of its own."""
    environment = {k: v for k, v in {**os.environ, **environment}.items() if v != ""}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )


def test_default_is_the_compiled_backend():
    done = python("import scratchrnn; print(scratchrnn.get_backend())", SCRATCHRNN_BACKEND="")
    assert done.stdout.strip() == "numba"


def test_environment_chooses_the_default():
    code = "import scratchrnn; print(scratchrnn.get_backend())"
    assert python(code, SCRATCHRNN_BACKEND="numpy").stdout.strip() == "numpy"
    wrong = python(code, SCRATCHRNN_BACKEND="torch")
    assert wrong.returncode != 0
    assert "SCRATCHRNN_BACKEND: name: expected one of" in wrong.stderr


def test_set_backend_rules_the_process():
    seen = []
    for name in ("numpy", "numba"):
        scratchrnn.set_backend(name)
        thread = threading.Thread(target=lambda: seen.append(scratchrnn.get_backend()))
        thread.start()
        thread.join()
        assert scratchrnn.get_backend() == name
    assert seen == ["numpy", "numba"]


def test_use_backend_rules_its_block_and_its_thread_only():
    scratchrnn.set_backend("numba")
    seen = []
    with scratchrnn.use_backend("numpy"):
        thread = threading.Thread(target=lambda: seen.append(scratchrnn.get_backend()))
        thread.start()
        thread.join()
        scratchrnn.set_backend("numba")
        assert scratchrnn.get_backend() == "numpy"
        with scratchrnn.use_backend("numba"):
            assert scratchrnn.get_backend() == "numba"
        assert scratchrnn.get_backend() == "numpy"
    assert scratchrnn.get_backend() == "numba"
    assert seen == ["numba"]


def test_use_backend_ends_with_an_error():
    scratchrnn.set_backend("numba")
    with pytest.raises(KeyError), scratchrnn.use_backend("numpy"):
        raise KeyError
    assert scratchrnn.get_backend() == "numba"


def test_a_copied_context_keeps_the_block():
    with scratchrnn.use_backend("numpy"):
        context = contextvars.copy_context()
    scratchrnn.set_backend("numba")
    assert context.run(scratchrnn.get_backend) == "numpy"


def test_an_unknown_backend_is_refused():
    wanted = r"backend: name: expected one of \('numpy', 'numba'\), got 'torch'"
    with pytest.raises(ValueError, match=wanted):
        scratchrnn.set_backend("torch")
    with pytest.raises(ValueError, match=wanted):
        scratchrnn.use_backend("torch").__enter__()


def test_a_backend_that_cannot_run_is_an_error(monkeypatch):
    monkeypatch.setattr(backend, "_numba_can_run", lambda: False)
    with pytest.raises(RuntimeError, match="set_backend: backend 'numba' cannot run"):
        scratchrnn.set_backend("numba")
    with pytest.raises(RuntimeError, match="use_backend: backend 'numba' cannot run"):
        scratchrnn.use_backend("numba").__enter__()
    monkeypatch.setenv("SCRATCHRNN_BACKEND", "numba")
    backend._process_choice = None
    with pytest.raises(RuntimeError, match="SCRATCHRNN_BACKEND: backend 'numba' cannot run"):
        scratchrnn.get_backend()


def test_without_numba_the_default_is_the_readable_backend(monkeypatch):
    monkeypatch.delenv("SCRATCHRNN_BACKEND", raising=False)
    monkeypatch.setattr(backend, "_numba_can_run", lambda: False)
    backend._process_choice = None
    assert scratchrnn.get_backend() == "numpy"


def test_numba_cannot_run_in_a_browser(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert not backend._numba_can_run()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_recurrence_is_that_of_the_backend_in_use(cell):
    with scratchrnn.use_backend("numpy"):
        assert backend.recurrence(cell).forward is getattr(cells, f"{cell}_forward")
    with scratchrnn.use_backend("numba"):
        pair = backend.recurrence(cell)
    assert pair.forward.__module__ == pair.backward.__module__ == f"scratchrnn.kernels.{cell}"


ONE_STEP = """
import sys
import numpy as np
import scratchrnn
from scratchrnn.layers import LSTM
layer = LSTM(4)
layer.backward(np.ones_like(layer(np.ones((2, {steps}, 3)))))
print("numba" in sys.modules, scratchrnn.get_backend())
"""


@pytest.mark.parametrize(
    ("chosen", "steps", "seen"),
    [("", 1, "False numba"), ("", 2, "True numba"), ("numba", 1, "True numba"),
     ("numpy", 2, "False numpy")],
)  # fmt: skip
def test_one_step_needs_no_compiler_unless_a_backend_was_chosen(chosen, steps, seen):
    done = python(ONE_STEP.format(steps=steps), SCRATCHRNN_BACKEND=chosen)
    assert done.stdout.strip() == seen


def test_a_chosen_backend_runs_one_step_too():
    for name, home in (("numba", "kernels"), ("numpy", "cells")):
        scratchrnn.set_backend(name)
        assert backend.recurrence("gru", 1).forward.__module__ == f"scratchrnn.{home}.gru"
        with scratchrnn.use_backend(name):
            assert backend.recurrence("gru", 1).forward.__module__ == f"scratchrnn.{home}.gru"


def test_an_unknown_recurrence_is_refused():
    with pytest.raises(ValueError, match="recurrence: name: expected one of"):
        backend.recurrence("transformer")


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_a_layer_runs_on_the_backend_that_was_asked_for(name, monkeypatch):
    ran = []
    for home in ("cells.lstm", "kernels.lstm"):
        for way in ("forward", "backward"):
            module = __import__(f"scratchrnn.{home}", fromlist=["_"])
            package = __import__(f"scratchrnn.{home.split('.')[0]}", fromlist=["_"])
            real = getattr(module, f"lstm_{way}")

            def spy(*arguments, real=real, mark=(home, way), **options):
                ran.append(mark)
                return real(*arguments, **options)

            monkeypatch.setattr(module, f"lstm_{way}", spy)
            monkeypatch.setitem(vars(package), f"lstm_{way}", spy)
    with scratchrnn.use_backend(name):
        layer = scratchrnn.layers.LSTM(4, return_sequences=True)
        layer.backward(np.ones_like(layer(np.ones((2, 3, 2), np.float32))))
    home = {"numpy": "cells.lstm", "numba": "kernels.lstm"}[name]
    assert ran == [(home, "forward"), (home, "backward")]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_backends_agree(cell):
    rng = np.random.default_rng(0)
    G = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    arrays = {"x": rng.normal(size=(3, 4, 2)), "Wx": rng.normal(size=(2, G * 5)),
              "Wh": rng.normal(size=(5, G * 5))}  # fmt: skip
    results = [forward(functions(name, cell), cell, arrays)[0] for name in ("numpy", "numba")]
    for name in results[0]:
        np.testing.assert_allclose(results[1][name], results[0][name], rtol=0, atol=1e-12)


def test_show_config_says_what_is_in_use(capsys):
    with scratchrnn.use_backend("numpy"):
        scratchrnn.show_config()
    shown = capsys.readouterr().out
    assert f"scratchrnn {scratchrnn.__version__}" in shown
    assert "backend numpy" in shown
    for word in ("Python", "numpy", "numba", "kernel threads", "compiled kernels"):
        assert word in shown
    assert np.__version__ in shown


def test_show_config_names_what_is_not_installed(capsys, monkeypatch):
    monkeypatch.setattr(backend.metadata, "version", raise_not_found)
    scratchrnn.show_config()
    assert "not installed" in capsys.readouterr().out


def raise_not_found(name):
    raise backend.metadata.PackageNotFoundError(name)


def test_warmup_needs_nothing_on_the_readable_backend():
    done = python(
        "import sys, scratchrnn; scratchrnn.set_backend('numpy'); scratchrnn.warmup();"
        "print('numba' in sys.modules)"
    )
    assert done.stdout.strip() == "False"


def test_choosing_a_backend_does_not_import_it():
    done = python(
        "import sys, scratchrnn; scratchrnn.set_backend('numba'); scratchrnn.show_config();"
        "scratchrnn.set_num_threads(2); print('numba' in sys.modules)"
    )
    assert done.stdout.splitlines()[-1] == "False"
