"""The page of a load: latency over time, its distribution, and the rate of requests."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from raceexplore.sim.load.measures import Sampled

WIDTH, HEIGHT, LEFT, BELOW = 720, 220, 60, 30
BINS = 60
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem;
  color: #1d2430; background: #fff; }
pre { overflow-x: auto; background: #f4f6f9; padding: .8rem; font-size: 13px; }
svg { width: 100%; height: auto; } text { font-size: 11px; fill: #49536a; }
.ok { fill: #2f6fb0; } .fail { fill: #c2372e; } .axis { stroke: #9aa5b8; }
@media (prefers-color-scheme: dark) { body { color: #e4e8f0; background: #151922; }
  pre { background: #1f2531; } text { fill: #aab4c8; } .ok { fill: #7db4ea; }
  .fail { fill: #f0857d; } }
"""


def page_of(name: str, text: str, samples: Sequence[Sampled], span: tuple[float, float]) -> str:
    """Return the page; span: the start of the load and its seconds. Blue went well, red did not."""
    title = html.escape(name)
    whole = [each for each in samples if not each.step]
    return "\n".join([
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
        f"<pre>{html.escape(text)}</pre>",
        "<h2>Latency of each request, by when it was to begin</h2>", _over_time(whole, span),
        "<h2>How many requests took how long</h2>", _distribution(whole),
        "<h2>Requests per interval</h2>", _rates(whole, span),
        "</body></html>", "",
    ])  # fmt: skip


def _over_time(samples: Sequence[Sampled], span: tuple[float, float]) -> str:
    began_s, seconds = span
    top = max([each.took_s for each in samples], default=0.0) or 1.0
    dots = [
        f'<circle class="{_kind(each)}" cx="{_x((each.due_s - began_s) / (seconds or 1.0)):.1f}" '
        f'cy="{_y(each.took_s / top):.1f}" r="2"/>'
        for each in samples
    ]
    return _plot(dots, ("0 s", f"{seconds:.3g} s"), f"{top * 1000:.4g} ms")


def _distribution(samples: Sequence[Sampled]) -> str:
    top = max([each.took_s for each in samples], default=0.0) or 1.0
    counts = _binned((each.took_s / top, _kind(each)) for each in samples)
    return _bars(counts, ("0 ms", f"{top * 1000:.4g} ms"))


def _rates(samples: Sequence[Sampled], span: tuple[float, float]) -> str:
    began_s, seconds = span
    counts = _binned(((e.due_s - began_s) / (seconds or 1.0), _kind(e)) for e in samples)
    return _bars(counts, ("0 s", f"{seconds:.3g} s"))


def _binned(shares: Iterable[tuple[float, str]]) -> list[dict[str, int]]:
    counts = [{"ok": 0, "fail": 0} for _ in range(BINS)]
    for share, kind in shares:
        counts[min(int(share * BINS), BINS - 1)][kind] += 1
    return counts


def _bars(counts: list[dict[str, int]], ends: tuple[str, str]) -> str:
    top = max([each["ok"] + each["fail"] for each in counts], default=0) or 1
    bars = []
    for number, each in enumerate(counts):
        below = 0
        for kind, count in each.items():
            if count:
                high = _y(below / top) - _y((below + count) / top)
                bars.append(
                    f'<rect class="{kind}" x="{_x(number / BINS):.1f}" '
                    f'y="{_y((below + count) / top):.1f}" '
                    f'width="{(WIDTH - LEFT) / BINS - 1:.1f}" height="{high:.1f}"/>'
                )
            below += count
    return _plot(bars, ends, str(top))


def _plot(shapes: list[str], ends: tuple[str, str], top: str) -> str:
    floor = HEIGHT - BELOW
    axis = (
        f'<line class="axis" x1="{LEFT}" y1="{floor}" x2="{WIDTH}" y2="{floor}"/>'
        f'<line class="axis" x1="{LEFT}" y1="10" x2="{LEFT}" y2="{floor}"/>'
        f'<text x="{LEFT}" y="{HEIGHT - 12}">{ends[0]}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 12}" text-anchor="end">{ends[1]}</text>'
        f'<text x="{LEFT - 4}" y="16" text-anchor="end">{top}</text>'
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{axis}{"".join(shapes)}</svg>'


def _kind(each: Sampled) -> str:
    return "ok" if each.ok else "fail"


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT)


def _y(share: float) -> float:
    return (HEIGHT - BELOW) - share * (HEIGHT - BELOW - 10)
