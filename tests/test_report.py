"""Report pages: one file, nothing from outside, everything escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from scratchrnn import plot
from scratchrnn.report import Report

_VOID = {"meta", "link", "img", "br", "hr", "input"}


class Outline(HTMLParser):
    """Collects tags, and fails when one is closed that was not open."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.loaded = [], [], []
        self.feed(page)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.loaded += [v for k, v in attrs if k in ("src", "href", "srcset", "data")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page():
    page = Report("Clips & <models>", "What was `learned`.")
    page.section("Results <1>")
    page.text("Plain & `code <b>`.", "Second.")
    page.table(["model", "accuracy"], [["LSTM <x>", "99.1 %"], ["GRU", 98]], "A caption")
    page.figures([(plot.bars({"a": 1.0}), "small"), (plot.bars({"b": 2.0}), "also small")])
    page.section("Film")
    page.figure(plot.figure(9, 2)[0], "wide `strip`")
    page.image(b"GIF89a", "gif", 'a "moving" one', width=320)
    page.code("scratchrnn predict <file>")
    page.footer("Made by `scratchrnn`.")
    return page


def test_a_page_is_well_formed_and_loads_nothing(page):
    outline = Outline(page.html())
    assert len([tag for tag, _ in outline.tags if tag == "section"]) == 2
    for source in outline.loaded:
        assert source.startswith(("data:", "#"))
    assert not re.search(r"https?://|<script|@import|url\(", page.html())


def test_text_is_escaped_and_backticks_are_code(page):
    text = page.html()
    assert "Clips &amp; &lt;models&gt;" in text and "<models>" not in text
    assert "<code>code &lt;b&gt;</code>" in text
    assert "LSTM &lt;x&gt;" in text and 'alt="a &quot;moving&quot; one"' in text


def test_every_picture_is_inside_and_has_words_for_those_who_cannot_see_it(page):
    images = [attrs for tag, attrs in Outline(page.html()).tags if tag == "img"]
    assert len(images) == 4
    assert all(image["alt"] and image["src"].startswith("data:image/") for image in images)


def test_wide_figures_can_scroll_and_a_telephone_is_told_the_width(page):
    assert page.html().count('<figure class="wide">') == 1
    assert 'name="viewport" content="width=device-width' in page.html()


def test_columns_of_numbers_are_set_flush_right(page):
    assert '<td class="number">99.1 %</td>' in page.html()
    assert "<td>LSTM" in page.html()


def test_the_sections_are_linked_from_the_top(page):
    text = page.html()
    assert '<a href="#s1">Results &lt;1&gt;</a>' in text and '<section id="s2">' in text


def test_a_page_is_written_whole_and_again_over_the_old_one(page, tmp_path):
    path = tmp_path / "new" / "report.html"
    assert page.write(path) == path
    page.section("More")
    page.write(path)
    assert path.read_text(encoding="utf-8") == page.html()
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_page(page, tmp_path, monkeypatch):
    path = page.write(tmp_path / "report.html")
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        Report("other").write(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
