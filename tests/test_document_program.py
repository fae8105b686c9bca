"""The source document's program runs unchanged but for the name of the library it imports."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .shared import shared

PROGRAM = Path(__file__).parent / "programs" / "source_document_section_4.txt"


def test_the_program_is_the_document_s_own_text():
    document = shared("source-document.zh.txt").read_text(encoding="utf-8")
    section = document[document.index("\n# 4") : document.index("\n# 5")]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert "\n".join(blocks) == PROGRAM.read_text(encoding="utf-8")


def test_the_program_runs_with_scratchrnn_in_its_imports(capsys):
    text = PROGRAM.read_text(encoding="utf-8")
    program = re.sub(r"^from keras\.", "from scratchrnn.", text, flags=re.MULTILINE)
    assert program != text and "keras" not in program
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(120) / 5).reshape(-1, 1, 1) + 0.1 * rng.normal(size=(120, 1, 1))
    names = {"data": series}
    exec(compile(program, str(PROGRAM), "exec"), names)
    printed = capsys.readouterr().out
    assert "Epoch 100/100\n" in printed and "Accuracy: 0.0" in printed
    assert names["predictions"].shape == (23, 1)
    history = names["model"].history.history["loss"]
    assert len(history) == 100 and history[-1] < 0.2 * history[0]
