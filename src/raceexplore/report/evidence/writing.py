"""A sheet in the forms that it is read in: terminal, markdown, page, and a case of JUnit."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

from raceexplore.report.files.junit import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.report.evidence.sheet import Grid, Sheet

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #161a23; background: #fff; }
h1 { font-size: 1.3rem; } h1 b { padding: .1rem .5rem; border-radius: .3rem; color: #fff; }
.passed { background: #2f7d32; } .failed { background: #c8102e; }
.inconclusive { background: #7a5c00; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
td, th { border-bottom: 1px solid #d5d9e2; padding: .25rem .8rem .25rem 0; text-align: left;
  vertical-align: top; }
code { font: 12px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; background: #fff; }
@media (prefers-color-scheme: dark) { body { color: #e8eaf0; background: #151821; } }
"""


def text_lines(sheet: Sheet, width: int) -> Iterator[str]:
    """Yield the lines of ``sheet`` for a terminal of so many columns; seeds are not broken."""
    indent = " " * (len(sheet.word) + 2)
    yield f"{sheet.word}  {sheet.subject}"
    yield from _wrapped(sheet.sentence, width, indent)
    for grid in sheet.grids:
        yield ""
        yield from _columns(grid, width)
    if sheet.facts:
        yield ""
    for fact in sheet.facts:
        yield from _wrapped(fact, width, "", "  ")
    for told, seed in sheet.seeds:
        yield ""
        yield from _wrapped(told, width, "")
        yield f"  raceexplore replay {seed}{sheet.options}"


def _wrapped(text: str, width: int, indent: str, more: str | None = None) -> list[str]:
    later = indent if more is None else more
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=later, break_on_hyphens=False
    )


def _columns(grid: Grid, width: int) -> Iterator[str]:
    """Yield ``grid`` in columns; its last one is broken where the line ends."""
    if grid.caption:
        yield from _wrapped(grid.caption, width, "")
    rows = [grid.head, *grid.rows]
    sizes = [max(len(row[i]) for row in rows) for i in range(len(grid.head))]
    start = sum(sizes[:-1]) + 2 * len(sizes)
    if width - start < 20:  # a narrow terminal: a line for each cell
        for row in grid.rows:
            for name, cell in zip(grid.head, row, strict=True):
                yield from _wrapped(f"{name}: {cell}", width, "  ", "    ")
        return
    for row in rows:
        cells = [cell.ljust(size) for cell, size in zip(row[:-1], sizes, strict=False)]
        head = "  " + "  ".join([*cells, ""])
        lines = textwrap.wrap(row[-1], width - start) or [""]
        yield (head + lines[0]).rstrip()
        yield from (" " * start + line for line in lines[1:])


def markdown(sheet: Sheet) -> str:
    """Return ``sheet`` as GitHub-flavoured markdown: a summary for a pull request."""
    parts = [f"### {_md(sheet.word)}: {_md(sheet.subject)}", "", _md(sheet.sentence), ""]
    for grid in sheet.grids:
        if grid.caption:
            parts += [f"**{_md(grid.caption)}**", ""]
        rows = [grid.head, ("---",) * len(grid.head), *grid.rows]
        dashes = 1
        for number, row in enumerate(rows):
            cells = row if number == dashes else tuple(map(_md, row))
            parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    parts += [f"- {_md(fact)}" for fact in sheet.facts]
    if sheet.seeds:
        parts += ["", "<details><summary>Replay</summary>", ""]
        for told, seed in sheet.seeds:
            parts += [
                f"{_md(told)}",
                "",
                f"```sh\nraceexplore replay {seed}{sheet.options}\n```",
                "",
            ]
        parts.append("</details>")
    return "\n".join(parts).rstrip() + "\n"


def _md(text: str) -> str:
    """Return ``text`` so that markdown takes none of it for a mark."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    for mark in "\\`*_[]|#":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


def page(sheet: Sheet) -> str:
    """Return ``sheet`` as one page that fetches nothing and runs no script."""
    say = html.escape
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{say(sheet.word)}: {say(sheet.subject)}</title><style>{STYLE}</style></head>",
        f'<body><h1><b class="{sheet.outcome}">{say(sheet.word)}</b> {say(sheet.subject)}</h1>',
        f"<p>{say(sheet.sentence)}</p>",
    ]
    if sheet.picture:
        picture = sheet.picture[sheet.picture.index("<svg") :]
        parts.append(f"<figure>{picture}<figcaption>{say(sheet.alt)}</figcaption></figure>")
    parts += [_html_table(grid) for grid in sheet.grids]
    parts += [f"<p>{say(fact)}</p>" for fact in sheet.facts]
    for told, seed in sheet.seeds:
        parts.append(
            f"<p>{say(told)}<br><code>raceexplore replay {say(seed + sheet.options)}</code></p>"
        )
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _html_table(grid: Grid) -> str:
    say = html.escape
    head = "".join(f'<th scope="col">{say(cell)}</th>' for cell in grid.head)
    rows = ("".join(f"<td>{say(cell)}</td>" for cell in row) for row in grid.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><caption>{say(grid.caption)}</caption><tr>{head}</tr>{body}</table>"


def case(sheet: Sheet) -> Case:
    """Return ``sheet`` as a case of JUnit."""
    lines = "\n".join(text_lines(sheet, 100))
    told = tuple(("fact", fact) for fact in sheet.facts)
    return Case(
        suite=sheet.subject,
        name=sheet.command,
        outcome=sheet.outcome,
        kind=sheet.word.lower(),
        message=sheet.sentence,
        text=lines,
        seconds=sheet.seconds,
        properties=told,
    )
