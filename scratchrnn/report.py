"""Pages that need nothing but themselves: one HTML file, its pictures inside it.

A page is built from sections, paragraphs, figures and tables in the order in which they are
added, and written whole or not at all. It loads nothing from anywhere, runs no script, and
reads on a telephone as well as on a desk: figures are laid out in columns where there is room,
and wide ones (film strips) scroll sideways where there is not.
"""

from __future__ import annotations

import base64
import html
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE = 6.9  # inches; wider figures scroll sideways on a telephone instead of shrinking

_CSS = """
:root { color-scheme: light; --ink: #222; --soft: #5a5f66; --line: #d9dce1; --blue: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #f4f5f7; line-height: 1.55;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 1040px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; padding-bottom: 8px; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4em; }
h2 { font-size: 1.3rem; margin: 0 0 .5em; }
p { margin: 0 0 1em; max-width: 46em; }
.lead { font-size: 1.1rem; color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 6px 16px; font-size: .92rem; margin-bottom: 18px; }
a { color: var(--blue); }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px;
  padding: 22px 24px 14px; margin-bottom: 20px; }
.figures { display: flex; flex-wrap: wrap; gap: 14px 26px; align-items: flex-start; }
figure { margin: 0 0 1.1em; max-width: 100%; min-width: 0; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .35em; max-width: 46em; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; margin-bottom: .4em; font-variant-numeric: tabular-nums; }
.caption { color: var(--soft); font-size: .9rem; }
th, td { padding: .38em .9em .38em 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; }
pre { overflow-x: auto; background: #f4f5f7; border-radius: 6px; padding: .7em .9em;
  font-size: .88rem; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: .92em; overflow-wrap: anywhere; }
pre code { overflow-wrap: normal; font-size: 1em; }
footer { color: var(--soft); font-size: .88rem; padding-bottom: 32px; }
@media (max-width: 640px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 16px 14px 8px; border-radius: 8px; }
  h1 { font-size: 1.55rem; }
  .wide img { max-width: none; width: 760px; }
}
@media print { body { background: #fff; } section { border: 0; padding: 0; break-inside: avoid; }
  nav { display: none; } }
"""


class Report:
    """A page of text, figures and tables that is one file.

    Parameters
    ----------
    title : str
        Heading of the page.
    lead : str, optional
        A sentence or two below it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> page = Report("Clips", "What a network learned.")
    >>> page.section("Results")
    >>> page.table(["model", "accuracy"], [["LSTM", "99.2 %"]])
    >>> path = page.write(pathlib.Path(tempfile.mkdtemp(), "report.html"))
    >>> "99.2 %" in path.read_text(encoding="utf-8")
    True
    """

    def __init__(self, title: str, lead: str = ""):
        self.title = title
        self.lead = lead
        self._sections: list[tuple[str, list[str]]] = []
        self._footer = ""

    def section(self, heading: str) -> None:
        """Begin a section; what is added from here on belongs to it."""
        self._sections.append((heading, []))

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs of plain text; words between backticks are set as code."""
        for paragraph in paragraphs:
            self._add(f"<p>{_inline(paragraph)}</p>")

    def code(self, text: str) -> None:
        """Add lines of code or commands."""
        self._add(f"<pre><code>{html.escape(text)}</code></pre>")

    def figure(self, fig: Figure, caption: str = "", alt: str = "") -> None:
        """Add a figure with its caption; `alt` is read where it cannot be seen."""
        self._add(_figure(fig, caption, alt))

    def figures(self, items: Iterable[tuple[Figure, str]]) -> None:
        """Add figures with their captions, beside each other where there is room."""
        inner = "".join(_figure(fig, caption, "") for fig, caption in items)
        self._add(f'<div class="figures">{inner}</div>')

    def image(
        self, data: bytes, kind: str, caption: str = "", alt: str = "", width: int | None = None
    ) -> None:
        """Add an image that is encoded already.

        Parameters
        ----------
        data : bytes
        kind : str
            ``"png"``, ``"gif"`` or ``"jpeg"``.
        caption, alt : str, optional
        width : int, optional
            In pixels of the page.
        """
        self._add(f"<figure>{_img(data, kind, alt or caption, width)}{_caption(caption)}</figure>")

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = ""
    ) -> None:
        """Add a table; columns whose every entry begins with a digit are set flush right."""
        body = [[str(entry) for entry in row] for row in rows]
        numeric = [
            bool(body) and all(_is_number(row[k]) for row in body) for k in range(len(header))
        ]
        kind = [' class="number"' if number else "" for number in numeric]
        head = "".join(f"<th{k}>{_inline(h)}</th>" for h, k in zip(header, kind, strict=True))
        lines = "".join(
            "<tr>" + "".join(f"<td{k}>{_inline(e)}</td>" for e, k in zip(row, kind, strict=True))
            + "</tr>"
            for row in body
        )  # fmt: skip
        title = f'<p class="caption">{_inline(caption)}</p>' if caption else ""
        self._add(
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{lines}</tbody></table></div>{title}"
        )

    def footer(self, text: str) -> None:
        """Set the line at the end of the page."""
        self._footer = _inline(text)

    def html(self) -> str:
        """Return the page."""
        links = "".join(
            f'<a href="#s{k}">{html.escape(heading)}</a>'
            for k, (heading, _) in enumerate(self._sections, 1)
            if heading
        )
        sections = "\n".join(
            f'<section id="s{k}">'
            + (f"<h2>{html.escape(heading)}</h2>\n" if heading else "")
            + "\n".join(parts)
            + "</section>"
            for k, (heading, parts) in enumerate(self._sections, 1)
        )
        lead = f'<p class="lead">{_inline(self.lead)}</p>' if self.lead else ""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<link rel="icon" href="data:,">\n<title>{html.escape(self.title)}</title>\n'
            f"<style>{_CSS}</style>\n</head>\n<body>\n<header><h1>{html.escape(self.title)}</h1>"
            f"{lead}<nav>{links}</nav></header>\n<main>\n{sections}\n</main>\n"
            f"<footer><p>{self._footer}</p></footer>\n</body>\n</html>\n"
        )

    def write(self, path: str | os.PathLike) -> Path:
        """Write the page to a file, whole or not at all, and return its path."""
        with replacing(path) as file:
            file.write(self.html().encode("utf-8"))
        return Path(path)

    def _add(self, part: str) -> None:
        if not self._sections:
            self.section("")
        self._sections[-1][1].append(part)


def _inline(text: str) -> str:
    """Escape everything; then `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text)))


def _is_number(text: str) -> bool:
    return bool(re.match(r"[-+−]?[\d.]|–$", text))


def _caption(caption: str) -> str:
    return f"<figcaption>{_inline(caption)}</figcaption>" if caption else ""


def _figure(fig: Figure, caption: str, alt: str) -> str:
    from .plot import to_png

    width = fig.get_size_inches()[0]
    with warnings.catch_warnings():
        # Names that no installed font can draw: the page's own text has them as well.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        png = to_png(fig, dpi=160)
    image = _img(png, "png", alt or caption, round(96 * width))
    if width <= _WIDE:
        return f"<figure>{image}{_caption(caption)}</figure>"
    return f'<figure class="wide"><div class="scroll">{image}</div>{_caption(caption)}</figure>'


def _img(data: bytes, kind: str, alt: str, width: int | None) -> str:
    coded = base64.b64encode(data).decode("ascii")
    wide = f' width="{width}"' if width else ""
    plain_alt = html.escape(alt.replace("`", ""), quote=True)
    return f'<img src="data:image/{kind};base64,{coded}" alt="{plain_alt}"{wide}>'
