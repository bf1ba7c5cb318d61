"""Curves as pictures: in the terminal by plotext, as SVG by matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from raceexplore.search.evidence.sweep import Sweep

HINT = "pictures need {}; pip install 'raceexplore[stats]' brings it"


def terminal_plot(swept: Sweep, width: int) -> list[str]:
    """Return the curves of ``swept`` in letters; `BadOption` without plotext."""
    try:
        import plotext
    except ModuleNotFoundError:
        raise BadOption(HINT.format("plotext")) from None
    plot: Any = plotext
    plot.clear_figure()
    plot.theme("clear")
    plot.plotsize(max(40, width - 4), 18)
    for name, curve in swept.curves().items():
        values = [value for value, _ in curve]
        rates = [100 * point.rate for _, point in curve]
        plot.plot(values, rates, label=name or "measured", marker="braille")
        closed = [100 * p.expected for _, p in curve if p.expected is not None]
        if len(closed) == len(values):
            plot.scatter(values, closed, label=f"{name} closed form".strip(), marker="x")
    plot.xlabel(swept.axes[0].name if swept.axes else "setting")
    plot.ylabel("%")
    text: str = plot.build()
    return [line.rstrip() for line in plot.uncolorize(text).splitlines()]


def svg_plot(swept: Sweep) -> str:
    """Return the curves of ``swept`` as SVG, the same text each time; needs matplotlib."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise BadOption(HINT.format("matplotlib")) from None
    with mpl.rc_context({"svg.hashsalt": "raceexplore", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        plot = figure.subplots()
        for name, curve in swept.curves().items():
            values = [value for value, _ in curve]
            rates = [100 * point.rate for _, point in curve]
            below = [100 * max(0.0, point.rate - point.interval.low) for _, point in curve]
            above = [100 * max(0.0, point.interval.high - point.rate) for _, point in curve]
            told = f"{name or 'measured'}, 95 %"
            bars = plot.errorbar(values, rates, yerr=(below, above), marker="o", capsize=3,
                                 label=told)  # fmt: skip
            closed = [100 * p.expected for _, p in curve if p.expected is not None]
            if len(closed) == len(values):
                label = f"{name} closed form".strip()
                plot.plot(values, closed, "--", color=bars[0].get_color(), label=label)
        plot.set_xlabel(swept.axes[0].name if swept.axes else "setting")
        plot.set_ylabel("failing runs, %" if swept.per is None else f"{' per '.join(swept.per)}, %")
        plot.set_title(swept.program.name)
        plot.set_ylim(bottom=0)
        plot.legend()
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()) + "\n"
