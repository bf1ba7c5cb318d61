"""The happens-before graph of a run as a picture: a column for each task, time going down."""

from __future__ import annotations

from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, Final

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx as nx

    from raceexplore.report.story.rows import Timeline
    from raceexplore.report.story.view import View

    Graph = nx.DiGraph[int]

NODES_MAX: Final = 200
COLUMN, LEVEL, TOP, LEFT = 190, 52, 64, 40
COLOURS: Final = (
    "#4f46e5", "#0e7c86", "#b8470f", "#a3267f", "#2f7d32", "#1769aa", "#7a5c00", "#6b3fa0",
)  # fmt: skip
SPACE: Final = "http://www.w3.org/2000/svg"
TIP: Final = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9"'
    ' markerUnits="userSpaceOnUse"'
    ' orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#7b8291"/></marker>'
)
STYLE: Final = """
  text { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #161a23; }
  .soft { fill: #596274; } .edge { fill: none; stroke: #9aa1af; stroke-width: 1.4; }
  .conflict { stroke: #4f46e5; stroke-dasharray: 4 3; } .race { stroke: #c8102e; stroke-width: 2.4;
  stroke-dasharray: none; } .paper { fill: #fff; }
  @media (prefers-color-scheme: dark) { text { fill: #e8eaf0; } .soft { fill: #a0a8b8; }
  .paper { fill: #151821; } }
"""


def graph_of(rows: Timeline) -> Graph:
    """Return the immediate happens-before edges as a graph whose nodes are event numbers.

    An edge's ``kind`` is ``next`` (of the same task) or that of its arrow; its ``label`` the
    location of a conflict.
    """
    import networkx as nx

    graph: Graph = nx.DiGraph()
    last: dict[int, int] = {}
    for step in rows.steps:
        graph.add_node(step.number, lane=step.lane)
        if step.lane in last:
            graph.add_edge(last[step.lane], step.number, kind="next", label="")
        last[step.lane] = step.number
    for arrow in rows.arrows:
        graph.add_edge(arrow.source, arrow.target, kind=arrow.kind, label=arrow.label)
    return graph


def happens_before_svg(view: View) -> str:
    """Return the graph as SVG. Raises `BadOption` above 200 events: nobody can read more."""
    import networkx as nx

    rows = view.rows
    if len(rows.steps) > NODES_MAX:
        raise BadOption(
            f"the happens-before graph of {len(rows.steps):,} events is too large to draw (at most"
            f" {NODES_MAX}); --html shows runs of any length"
        )
    graph = graph_of(rows)
    level: dict[int, int] = {}
    for depth, nodes in enumerate(nx.topological_generations(graph)):
        level.update(dict.fromkeys(nodes, depth))
    width = LEFT * 2 + COLUMN * max(1, len(rows.lanes))
    height = TOP + LEVEL * (max(level.values(), default=0) + 1) + 16
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="{SPACE}" viewBox="0 0 {width} {height}" {size} role="img">',
        f"<title>Happens-before graph: {_cut(view.title, 200)}</title>",
        f"<style>{STYLE}</style>",
        TIP,
        f'<rect class="paper" {size}/>',
        *_heads(rows),
        *_edges(rows, graph, level),
        *_nodes(rows, level),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heads(rows: Timeline) -> Iterator[str]:
    for index, lane in enumerate(rows.lanes):
        x = LEFT + COLUMN * index
        yield f'<text x="{x - 14}" y="28" font-weight="700">{_cut(lane.name, 20)}</text>'


def _edges(rows: Timeline, graph: Graph, level: dict[int, int]) -> Iterator[str]:
    parts = [part.step for part in rows.race.parts] if rows.race else []
    races = set(combinations(parts, 2))
    for source, target, told in sorted(graph.edges(data=True), key=lambda edge: edge[:2]):
        (x1, y1), (x2, y2) = (_place(rows, level, node) for node in (source, target))
        kind = f"edge {told['kind']}" + (" race" if (source, target) in races else "")
        bend = max(18, (y2 - y1) // 2)
        path = f"M{x1} {y1 + 11}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2 - 11}"
        title = f"<title>{_cut(told['label'] or told['kind'], 80)}</title>"
        yield f'<path class="{kind}" d="{path}" marker-end="url(#tip)">{title}</path>'


def _nodes(rows: Timeline, level: dict[int, int]) -> Iterator[str]:
    race = rows.race
    marked = {p.step: f"{race.kind}: {p.words}" for p in race.parts} if race else {}
    for step in rows.steps:
        x, y = _place(rows, level, step.number)
        colour = COLOURS[step.lane % len(COLOURS)]
        told = [f"{'W' if t.write else 'R'} {t.label}" for t in step.touches if t.contended]
        line = " ".join([*told[:1], "…" if len(told) > 1 else ""]).strip()
        label = marked.get(step.number, "") or step.error or line
        yield f'<circle cx="{x}" cy="{y}" r="11" fill="{colour}"/>'
        yield (
            f'<text x="{x}" y="{y + 4}" text-anchor="middle" style="fill:#fff;font-size:10px"'
            f">{step.number}</text>"
        )
        yield f'<text class="soft" x="{x + 16}" y="{y + 4}">{_cut(label, 22)}</text>'


def _place(rows: Timeline, level: dict[int, int], number: int) -> tuple[int, int]:
    return LEFT + COLUMN * rows.steps[number].lane, TOP + LEVEL * level[number]


def _cut(text: str, most: int) -> str:
    """Return at most ``most`` letters of ``text``, escaped, with nothing that XML cannot hold."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return escape(clean if len(clean) <= most else clean[: most - 1] + "…")
