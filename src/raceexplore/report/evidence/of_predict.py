"""The sheet of a prediction: the ranking, with reasons, and the graph as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.report.evidence.plots import HINT
from raceexplore.report.evidence.sheet import Grid, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.predict.predict import Prediction

NODES_MAX = 80


def predict_sheet(found: Prediction, picture: str = "") -> Sheet:
    """Return what ``found`` says. picture: its graph as SVG."""
    first = found.ranking[0]
    rows = tuple(
        (str(place), each.boundary, f"{each.volatility:.3f}", "; ".join(each.reasons))
        for place, each in enumerate(found.ranking, 1)
    )
    seeds = [(e.boundary, e.measured) for e in found.ranking if e.measured and e.measured.seed]
    return Sheet(
        outcome="passed",
        word="PREDICT",
        subject=found.program.name if found.program else found.architecture.source,
        sentence=f"look first at {first.boundary}, of {len(found.ranking)} boundaries"
        if len(found.ranking) > 1
        else f"{first.boundary} is the only boundary",
        command="predict",
        facts=tuple(_facts(found)),
        grids=(Grid(("#", "boundary", "volatility", "why"), rows, "Where to look first"),),
        seeds=tuple((f"{name}: {seen.headline}", seen.seed) for name, seen in seeds[:3]),
        picture=picture,
        alt="services and what they share; the darker, the more volatile",
        seconds=found.seconds,
    )


def _facts(found: Prediction) -> Iterator[str]:
    yield f"the architecture is from {found.architecture.source}"
    if found.runs:
        yield (
            f"{found.runs:,} runs, each with one boundary perturbed and all else neutral; entropy"
            f" {found.entropy}; shares of such runs are no rates of use"
        )
    else:
        yield "nothing was run: points by what the architecture says, which are no probability"
    if found.left_out:
        yield f"not measured, for their prior is lower: {', '.join(found.left_out)}"


def predict_value(found: Prediction) -> dict[str, Any]:
    """Return ``found`` as JSON has it; the same bytes for the same inputs."""
    return {
        "source": found.architecture.source,
        "runs": found.runs,
        "entropy": found.entropy,
        "ranking": [
            {
                "boundary": each.boundary,
                "volatility": round(each.volatility, 9),
                "services": list(each.services),
                "prior": round(each.prior.points, 9),
                "inside": round(each.prior.inside, 9),
                "reasons": list(each.reasons),
                "measured": None
                if each.measured is None
                else {
                    "runs": each.measured.runs,
                    "failed": each.measured.failed,
                    "interval_95": [each.measured.interval.low, each.measured.interval.high],
                    "bits": round(each.measured.bits, 9),
                    "endings": each.measured.endings,
                    "seed": each.measured.seed,
                },
            }
            for each in found.ranking
        ],
        "left_out": list(found.left_out),
    }


def graph_svg(found: Prediction) -> str:
    """Return the architecture as SVG, the same text each time; needs matplotlib.

    Services are on the left, what they call on the right, the more volatile the darker. Raises
    `BadOption` above 80 nodes: nobody can read more.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise BadOption(HINT.format("matplotlib")) from None
    import networkx as nx

    graph = found.architecture.graph()
    if len(graph) > NODES_MAX:
        raise BadOption(f"a graph of {len(graph)} nodes is too large to draw (at most {NODES_MAX})")
    places = {each.boundary: place for place, each in enumerate(found.ranking, 1)}
    heat = {each.boundary: each.volatility for each in found.ranking}
    for node in graph:
        graph.nodes[node]["layer"] = int(node in places)
    spots = nx.multipartite_layout(graph, subset_key="layer")
    named = {n: f"{places[n]}. {n}" if n in places else str(n) for n in graph}
    most = max(heat.values()) or 1.0
    with mpl.rc_context({"svg.hashsalt": "raceexplore", "svg.fonttype": "none"}):
        figure = Figure(figsize=(8.5, max(2.5, 0.55 * len(graph))), layout="constrained")
        plot = figure.subplots()
        plot.set_axis_off()
        plot.margins(0.35, 0.15)
        nx.draw_networkx_edges(graph, spots, ax=plot, edge_color="#9aa1af", node_size=1200)
        for node in graph:
            share = heat.get(node, 0.0) / most
            face = mpl.colormaps["OrRd"](0.15 + 0.6 * share) if node in places else "#dfe7f5"
            box = {"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": "#596274"}
            x, y = spots[node]
            plot.text(x, y, named[node], ha="center", va="center", fontsize=9, bbox=box)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()) + "\n"
