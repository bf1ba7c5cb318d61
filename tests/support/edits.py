"""Scripted edits of a program: each changes the text as a user might, and none removes the bug."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from raceexplore.search.programs.target import find_file

Tree = ast.Module
Functions = ast.FunctionDef | ast.AsyncFunctionDef


def one_file(program: str) -> str:
    """Return the model ``story/file`` and the module of its folder that it imports, as one file."""
    path = find_file(f"models/{program}.py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = [n for n in tree.body if _is_inner(n)]
    modules = [str(n.module).rpartition(".")[2] for n in inner if isinstance(n, ast.ImportFrom)]
    parts = [ast.parse(path.with_name(f"{m}.py").read_text(encoding="utf-8")) for m in modules]
    body = [n for part in [*parts, tree] for n in part.body if not _is_inner(n)]
    future = [n for n in body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    rest = [n for n in body if n not in future and not _is_docstring(n)]
    return ast.unparse(ast.Module([*future[:1], *rest], []))


def alone(file: Path, name: str) -> str:
    """Return the program ``name`` of ``file`` as the main function of a file of its own."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    public = [n for n in body if isinstance(n, ast.AsyncFunctionDef) and n.name[0] != "_"]
    others = [n for n in public if n.name not in (name, "together")]
    text = ast.unparse(ast.Module([n for n in body if n not in others], []))
    return text.replace(f"async def {name}(", "async def main(")


def _is_inner(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("raceexplore.models.")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _async(tree: ast.AST) -> list[ast.AsyncFunctionDef]:
    """Return the async functions that wait for something and are not the program itself."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef)]
    found = [n for n in found if n.name != "main" and any(map(_awaits, n.body))]
    return sorted(found, key=lambda node: node.lineno)


def _awaits(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Await | ast.AsyncWith | ast.AsyncFor) for n in ast.walk(node))


def _begin(function: Functions) -> int:
    """Return where the body begins, its docstring aside."""
    return int(_is_docstring(function.body[0]))


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def rename_variables(tree: Tree) -> None:
    """Rename the local variables of every function, its parameters aside."""
    functions = [n for n in ast.walk(tree) if isinstance(n, Functions)]
    inside = list(dict.fromkeys(n for function in functions for n in ast.walk(function)))
    others = {n.arg for n in inside if isinstance(n, ast.arg)}
    others |= {n.id for n in _stored(tree) if n not in inside}
    local = {n.id for function in functions for n in _stored(function)} - others
    for node in inside:
        if isinstance(node, ast.Name) and node.id in local:
            node.id += "_now"
        elif isinstance(node, ast.Nonlocal):
            node.names = [f"{name}_now" if name in local else name for name in node.names]


def _stored(tree: ast.AST) -> list[ast.Name]:
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    return [name for name in names if isinstance(name.ctx, ast.Store)]


def log_lines(tree: Tree) -> None:
    """Print something at the beginning of every function and after each of its awaits."""
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef)]:
        body = [part for n in function.body for part in (n, *_statements("print('so far')"))]
        if isinstance(function.body[-1], ast.Return):
            body.pop()
        function.body = [*_statements("print('begin')"), *body]


def extra_checkpoint_first(tree: Tree) -> None:
    """Wait once more at the beginning of the function where the story happens."""
    function = _async(tree)[-1]
    at = _begin(function)
    function.body[at:at] = _statements("await trio.lowlevel.checkpoint()")


def extra_checkpoint_between(tree: Tree) -> None:
    """Wait once more right after the first await of the function where the story happens."""
    function = _async(tree)[-1]
    at = next(i for i, node in enumerate(function.body) if _awaits(node))
    function.body[at + 1 : at + 1] = _statements("await trio.lowlevel.checkpoint()")


def extra_task(tree: Tree) -> None:
    """Start a task that has nothing to do with the rest, before all others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith) and "open_nursery" in ast.dump(node.items[0]):
            name = ast.unparse(node.items[0].optional_vars or ast.Name("nursery"))
            node.body[0:0] = _statements(f"{name}.start_soon(heartbeat)")
    at = next(i for i, n in enumerate(tree.body) if isinstance(n, Functions | ast.ClassDef))
    beat = (
        "async def heartbeat():\n    for _ in range(3):\n        await trio.lowlevel.checkpoint()"
    )
    tree.body[at:at] = _statements(beat)


def reordered_functions(tree: Tree) -> None:
    """Turn the order of the functions at the end of the file around."""
    at = [i for i, n in enumerate(tree.body) if isinstance(n, Functions)]
    for i, node in zip(at, [tree.body[i] for i in reversed(at)], strict=True):
        tree.body[i] = node


def renamed_functions(tree: Tree) -> None:
    """Rename every function but main, at its definition and wherever it is named."""
    names = {n.name for n in ast.walk(tree) if isinstance(n, Functions) and _may_change(n.name)}
    for node in ast.walk(tree):
        for field in ("name", "id", "attr", "arg"):
            if getattr(node, field, None) in names and not isinstance(node, ast.keyword):
                setattr(node, field, f"{getattr(node, field)}_anew")


def _may_change(name: str) -> bool:
    # what has the name of a method of trio's or of the builtins' may be one
    return name not in {"main", "get", "set", "release", "sleep"} and not name.startswith("_")


def split_expressions(tree: Tree) -> None:
    """Compute what is assigned, asserted or asked on a line of its own."""
    for node in [n for n in ast.walk(tree) if isinstance(n, Functions)]:
        node.body = [part for statement in node.body for part in _split(statement)]


def _split(node: ast.stmt) -> Iterator[ast.stmt]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        yield from _statements(f"part = {ast.unparse(node.value)}")
        node.value = ast.Name("part")
    elif isinstance(node, ast.Assert | ast.If):
        yield from _statements(f"holds = {ast.unparse(node.test)}")
        node.test = ast.Name("holds")
    yield node


def added_parameter(tree: Tree) -> None:
    """Give every function of the module a further parameter with a default."""
    for node in tree.body:
        if isinstance(node, Functions) and node.name != "main":
            node.args.kwonlyargs.append(ast.arg("quiet"))
            node.args.kw_defaults.append(ast.Constant(value=True))


def extra_object(tree: Tree) -> None:
    """Make one more object, which all tasks write to."""
    at = next(i for i, n in enumerate(tree.body) if isinstance(n, Functions | ast.ClassDef))
    tree.body[at:at] = _statements("class Journal:\n    lines = 0")
    for function in _async(tree):
        at = _begin(function)
        function.body[at:at] = _statements("journal = Journal()\njournal.lines += 1")


def wrapped_function(tree: Tree) -> None:
    """Let the function where the story happens call another that does what it did."""
    inner = _async(tree)[-1]
    names = [arg.arg for arg in inner.args.args]
    me = f"{names.pop(0)}." if names[:1] == ["self"] else ""
    call = f"return await {me}{inner.name}_really({', '.join(names)})"
    (outer,) = _statements(f"async def {inner.name}({ast.unparse(inner.args)}):\n    {call}")
    inner.name += "_really"
    scopes = [n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | Functions)]
    (home,) = [n for n in scopes if inner in n.body]
    home.body.insert(home.body.index(inner) + 1, outer)


def renamed_tasks(tree: Tree) -> None:
    """Give every task that has a name of its own another one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "name":
            node.value = ast.BinOp(ast.Constant("the "), ast.Add(), node.value)


def unnamed_tasks(tree: Tree) -> None:
    """Let every task be called by its function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [word for word in node.keywords if word.arg != "name"]


def by_tree(change: Callable[[Tree], None]) -> Callable[[str], str]:
    """Return ``change``, a change of a tree, as a change of text."""

    def edit(text: str) -> str:
        tree = ast.parse(text)
        change(tree)
        if "trio." in ast.unparse(tree) and "import trio" not in text:
            at = int(isinstance(tree.body[0], ast.ImportFrom))
            tree.body[at:at] = _statements("import trio")
        return ast.unparse(ast.fix_missing_locations(tree))

    return edit


def comments(text: str) -> str:
    """Put comments in front of every line at the outer level, and lengthen the docstrings."""
    return re.sub(r"^(?=(async def|def|class|[A-Z]))", "# why\n# so\n\n", text, flags=re.MULTILINE)


def slower(text: str) -> str:
    """Make what takes time take half as long again: latencies, and the pauses between arrivals."""
    text = re.sub(r"(median_s=)([\d.]+)", _half_more, text)
    text = re.sub(r"^([A-Z_]+_S = )([\d.]+)$", _half_more, text, flags=re.MULTILINE)
    return text.replace("trio.lowlevel.checkpoint()", "trio.sleep(0)")


def _half_more(match: re.Match[str]) -> str:
    return f"{match[1]}{float(match[2]) * 1.5:g}"


EDITS: dict[str, Callable[[str], str]] = {
    "renamed variables": by_tree(rename_variables),
    "log lines": by_tree(log_lines),
    "a checkpoint first": by_tree(extra_checkpoint_first),
    "a checkpoint between": by_tree(extra_checkpoint_between),
    "an unrelated task": by_tree(extra_task),
    "reordered functions": by_tree(reordered_functions),
    "renamed functions": by_tree(renamed_functions),
    "split expressions": by_tree(split_expressions),
    "added parameters": by_tree(added_parameter),
    "comments": comments,
    "an extra object": by_tree(extra_object),
    "slower calls": slower,
    "a wrapped function": by_tree(wrapped_function),
    "renamed tasks": by_tree(renamed_tasks),
    "unnamed tasks": by_tree(unnamed_tasks),
}
