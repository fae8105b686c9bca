"""The bar: where it can be drawn again, how it looks, what it says."""

from __future__ import annotations

import io

import pytest

from scratchrnn.progress import ProgressBar, can_redraw


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str):
        super().__init__(io.BytesIO(), encoding)

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


def notebook_output() -> io.StringIO:
    """Return a stand-in for what ipykernel puts in the place of stdout."""
    return type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setattr("scratchrnn.progress._REDRAW", 0.0)
    monkeypatch.setenv("COLUMNS", "200")


def drawn(stream, verbose=1) -> None:
    bar = ProgressBar(4, verbose, stream)
    for done in range(1, 5):
        bar.update(done, {"loss": 0.5 / done})
    bar.close({"loss": 0.1})


def test_a_terminal_and_a_notebook_can_go_back_in_their_line():
    assert can_redraw(Terminal("utf-8")) and can_redraw(notebook_output())
    assert not can_redraw(io.StringIO())


def test_the_bar_grows_in_its_line(wide):
    for stream in (Terminal("utf-8"), notebook_output()):
        drawn(stream)
        text = stream.text() if isinstance(stream, Terminal) else stream.getvalue()
        lines = text.split("\r")[1:]
        assert text.count("\n") == 1 and lines[-1].endswith("\n") and len(lines) == 5
        assert lines[0].startswith("1/4 ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0s ") and "loss: 0.5000" in lines[0]
        assert lines[-1].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 0s ") and "loss: 0.1000" in lines[-1]


def test_a_shorter_line_wipes_the_longer_one_before_it(wide):
    stream = notebook_output()
    bar = ProgressBar(2, 1, stream)
    bar.update(1, {"a_long_name": 1.0})
    bar.close()
    first, last = stream.getvalue().split("\r")[1:]
    assert len(last.rstrip("\n")) == len(first)


def test_a_terminal_that_knows_no_lines_gets_plain_signs(wide):
    stream = Terminal("ascii")
    drawn(stream)
    assert "1/4 =====..............." in stream.text()


def test_elsewhere_there_is_one_line_at_the_end():
    for verbose in (1, 2):
        stream = io.StringIO()
        drawn(stream, verbose)
        assert stream.getvalue().count("\n") == 1 and stream.getvalue().startswith("4/4 0s ")


def test_silence_writes_nothing():
    stream = io.StringIO()
    drawn(stream, verbose=0)
    assert stream.getvalue() == ""


def test_an_unknown_length_is_a_question_mark_until_the_end(wide):
    stream = notebook_output()
    bar = ProgressBar(None, 1, stream)
    bar.update(3)
    bar.close()
    first, last = stream.getvalue().split("\r")[1:]
    assert first.startswith("3/? ") and last.startswith("3/3 ")
