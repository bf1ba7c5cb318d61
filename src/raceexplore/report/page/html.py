"""One self-contained page of a run: it works offline, from a file, and runs no text of the run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.report.page.data import page_data

if TYPE_CHECKING:
    from raceexplore.report.story.view import View

ASSETS = Path(__file__).parent
STYLES = ("page.css",)
SCRIPTS = ("model.js", "lanes.js", "panes.js", "tabs.js", "page.js")


def html_page(view: View) -> str:
    """Return the page for ``view``: one HTML file without a single reference to another.

    The run's texts reach the page as JSON only, and its script writes them as text. The page's
    own policy lets nothing run but that script, and lets nothing be fetched.
    """
    style = "\n".join(_asset(name) for name in STYLES)
    script = "(async () => {\n'use strict';\n" + "\n".join(map(_asset, SCRIPTS)) + "\n})();"
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "POLICY": policy,
        "TITLE": html.escape(view.title),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _json(page_data(view)),
    }
    # one pass: nothing is looked for in the run's own texts
    return re.sub(r"@([A-Z]+)@", lambda mark: parts[mark[1]], _asset("page.html"))


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8").rstrip("\n")


def _source(text: str) -> str:
    """Return the name by which a content security policy knows an inline block."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Any) -> str:
    """Return JSON that cannot end the element it stands in, in ASCII."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
