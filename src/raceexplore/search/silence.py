"""Silence: a program that is run a thousand times prints and stops for a debugger only once."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Nowhere(io.TextIOBase):
    """Takes all text and keeps none."""

    def write(self, text: str) -> int:
        """Forget ``text``."""
        return len(text)


@contextmanager
def silence() -> Iterator[None]:
    """Print nothing and stop at no ``breakpoint()`` within the block."""
    with ExitStack() as undo:
        undo.enter_context(redirect_stdout(_Nowhere()))
        undo.enter_context(redirect_stderr(_Nowhere()))
        undo.callback(setattr, sys, "breakpointhook", sys.breakpointhook)
        sys.breakpointhook = lambda *_, **__: None
        yield
