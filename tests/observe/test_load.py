"""Loading modules rewritten: the program's own file, and packages that the user names."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from raceexplore.observe.hooks.hook import attach
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.load import in_place, load_observed, observing


@pytest.fixture(params=["detached", "attached", "with values"])
def ledger(request: pytest.FixtureRequest) -> Ledger | None:
    found = None if request.param == "detached" else Ledger(values=request.param == "with values")
    attach(found)
    return found


@pytest.fixture
def observed() -> Iterator[Any]:
    loaded: list[str] = []

    def load(name: str) -> ModuleType:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        loaded.append(f"observed_{name.replace('.', '_')}")
        return load_observed(Path(spec.origin), loaded[-1])

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


def test_json_decodes(observed: Any, ledger: Ledger | None) -> None:
    decoder = observed("json.decoder")
    text = '{"a": [1, 2.5, "\\u00e9", null], "b": {"c": true}}'
    expected = {"a": [1, 2.5, "é", None], "b": {"c": True}}
    assert decoder.JSONDecoder().decode(text) == expected
    slow = decoder.JSONDecoder()
    slow.parse_string = decoder.py_scanstring
    scanner = observed("json.scanner")
    slow.scan_once = scanner.py_make_scanner(slow)
    slow.parse_object, slow.parse_array = decoder.JSONObject, decoder.JSONArray
    assert slow.decode(text) == expected
    with pytest.raises(decoder.JSONDecodeError, match="line 1 column 2"):
        slow.decode("{")


def test_json_encodes(observed: Any, ledger: Ledger | None) -> None:
    encoder = observed("json.encoder").JSONEncoder(indent=1, sort_keys=True)
    assert encoder.encode({"b": [1, {}], "a": None}) == '{\n "a": null,\n "b": [\n  1,\n  {}\n ]\n}'


def test_heapq_sorts(observed: Any, ledger: Ledger | None) -> None:
    heapq = observed("heapq")
    heap = [5, 3, 8, 1]
    heapq.heapify(heap)
    assert [heapq.heappop(heap) for _ in range(4)] == [1, 3, 5, 8]
    assert list(heapq.merge([1, 4], [2, 3])) == [1, 2, 3, 4]
    assert heapq.nlargest(2, {3: "a", 9: "b", 4: "c"}) == [9, 4]


def test_textwrap_wraps(observed: Any, ledger: Ledger | None) -> None:
    textwrap = observed("textwrap")
    assert textwrap.wrap("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert textwrap.dedent("  a\n    b") == "a\n  b"
    assert textwrap.shorten("a b c d", 5, placeholder="~") == "a b~"


def test_dataclasses_are_made(observed: Any, ledger: Ledger | None) -> None:
    dataclasses = observed("dataclasses")

    @dataclasses.dataclass(order=True, frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2

    assert repr(Point(1)).endswith("Point(x=1, y=2)")
    assert Point(1) < Point(2)
    assert dataclasses.asdict(dataclasses.replace(Point(1), y=5)) == {"x": 1, "y": 5}
    with pytest.raises(dataclasses.FrozenInstanceError):
        Point(1).x = 3


def test_collections_count(observed: Any, ledger: Ledger | None) -> None:
    collections = observed("collections")
    assert collections.Counter("abca").most_common(1) == [("a", 2)]
    assert collections.ChainMap({"a": 1}, {"b": 2})["b"] == 2
    assert collections.namedtuple("P", "x y")(1, 2)._asdict() == {"x": 1, "y": 2}


def test_argparse_parses(observed: Any, ledger: Ledger | None) -> None:
    parser = observed("argparse").ArgumentParser(prog="p", exit_on_error=False)
    parser.add_argument("--n", type=int, default=3, help="how many")
    parser.add_argument("rest", nargs="*")
    assert vars(parser.parse_args(["--n", "4", "a", "b"])) == {"n": 4, "rest": ["a", "b"]}
    assert "how many" in parser.format_help()


def test_csv_reads_and_sniffs(observed: Any, ledger: Ledger | None) -> None:
    csv = observed("csv")
    assert list(csv.DictReader(["a,b", "1,2"])) == [{"a": "1", "b": "2"}]
    assert csv.Sniffer().sniff("a;b\n1;2\n").delimiter == ";"


def test_configparser_reads(observed: Any, ledger: Ledger | None) -> None:
    config = observed("configparser").ConfigParser()
    config.read_string("[a]\nx = 1\ny = %(x)s2\n[b]\nz: yes")
    assert {name: dict(config[name]) for name in config.sections()} == {
        "a": {"x": "1", "y": "12"},
        "b": {"z": "yes"},
    }
    assert config.getboolean("b", "z")


def test_others_work(observed: Any, ledger: Ledger | None) -> None:
    assert observed("shlex").split("a 'b c' d\\ e") == ["a", "b c", "d e"]
    assert str(observed("fractions").Fraction("1/3") + 1) == "4/3"
    assert observed("statistics").median([3, 1, 2]) == 2
    graph = observed("graphlib").TopologicalSorter({"a": {"b"}, "b": {"c"}})
    assert [*graph.static_order()] == ["c", "b", "a"]
    assert observed("difflib").get_close_matches("appel", ["ape", "apple"]) == ["apple", "ape"]
    assert observed("string").Template("$a-${b}").substitute(a=1, b=2) == "1-2"
    assert observed("ipaddress").ip_network("10.0.0.0/30").num_addresses == 4
    assert str(observed("_pydecimal").Decimal("1.10") * 3) == "3.30"
    compiled = observed("contextlib").ExitStack()
    with compiled as stack:
        stack.callback(list)
    python = observed("tokenize").generate_tokens(iter(["a = 1\n", ""]).__next__)
    assert [token.string for token in python][:3] == ["a", "=", "1"]


def test_a_traceback_shows_the_real_file_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def f(d):\n    # why\n    return d['a'][\n        0]\n")
    module = load_observed(path, "broken")
    assert sys.modules.pop("broken") is module
    attach(Ledger())
    with pytest.raises(KeyError) as caught:
        module.f({})
    (*_, frame) = traceback.extract_tb(caught.value.__traceback__)
    assert (frame.filename, frame.lineno, frame.line) == (str(path), 3, "return d['a'][")
    assert linecache.getline(module.__file__ or "", 2) == "    # why\n"


def test_a_module_that_fails_to_load_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "failing.py"
    path.write_text("x = 1\n1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        load_observed(path, "failing")
    assert "failing" not in sys.modules
    path.write_text("x = = 1\n")
    with pytest.raises(SyntaxError):
        load_observed(path, "failing")
    assert "failing" not in sys.modules


def test_a_named_package_is_loaded_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from . import stock\n")
    (package / "stock.py").write_text("class Stock:\n    def take(self): self.n = 1\n")
    (tmp_path / "shopping.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    plain = importlib.import_module("shop")
    with observing("shop"):
        shop = importlib.import_module("shop")
        assert shop is not plain
        assert "__rx_module__" not in vars(importlib.import_module("shopping"))
    assert sys.modules["shop"] is plain
    ledger = Ledger(values=True)
    attach(ledger)
    plain.stock.Stock().take()
    assert ledger.take() == ()
    shop.stock.Stock().take()
    (access,) = ledger.take()
    line = f"{package / 'stock.py'}:2"
    assert access[:6] == ((1, "n"), True, "Stock#1.n", line, "", "1")
    for name in ("shop", "shop.stock", "shopping"):
        sys.modules.pop(name, None)


def test_what_a_function_imports_is_the_rewritten_module_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "depot"
    package.mkdir()
    (package / "__init__.py").write_text(
        "def take():\n"
        "    from .errors import Empty\n"
        "    import depot.shelf\n"
        "    try:\n"
        "        depot.shelf.Shelf().take()\n"
        "    except Empty:\n"
        "        return 'empty'\n"
    )
    (package / "errors.py").write_text("class Empty(Exception): pass\n")
    (package / "shelf.py").write_text(
        "from depot.errors import Empty\n"
        "class Shelf:\n"
        "    def take(self):\n"
        "        self.asked = 1\n"
        "        raise Empty\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plain = importlib.import_module("depot")
    assert plain.take() == "empty"  # now the modules as they are have been imported
    before = [sys.modules[name] for name in ("depot", "depot.errors", "depot.shelf")]
    with observing("depot"):
        rewritten = importlib.import_module("depot")
    ledger = Ledger(values=True)
    attach(ledger)
    assert rewritten.take() == "empty"
    assert "Shelf#" in str([access.label for access in ledger.take()])
    assert rewritten.take() == "empty"
    assert [sys.modules[name] for name in ("depot", "depot.errors", "depot.shelf")] == before
    assert rewritten.shelf is not plain.shelf
    attach(None)
    for name in ("depot", "depot.errors", "depot.shelf"):
        sys.modules.pop(name, None)


def test_a_module_does_not_see_the_hooks(tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text(
        "here = sorted(name for name in globals() if not name.startswith('__'))\n"
        "homeless = [value for value in list(globals().values())\n"
        "            if getattr(value, '__module__', '') is None]\n"
    )
    module = load_observed(tmp_path / "names.py", "observed_names")
    assert (module.here, module.homeless) == ([], [])
    sys.modules.pop("observed_names")


def test_import_module_brings_the_rewritten_module_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "barn"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from importlib import import_module\n"
        "def feed():\n"
        "    import_module('barn.cow').Cow().eat()\n"
    )
    (package / "cow.py").write_text("class Cow:\n    def eat(self): self.full = True\n")
    program = tmp_path / "program.py"
    program.write_text("import barn\n\nasync def main():\n    barn.feed()\n")
    monkeypatch.syspath_prepend(tmp_path)
    plain = importlib.import_module("barn")
    plain.feed()
    cow = sys.modules["barn.cow"]
    with observing("barn") as twins:
        module = load_observed(program, "observed_program", twins)
    ledger = Ledger(values=True)
    attach(ledger)
    for _ in range(2):  # loaded by the first, there already for the second
        with in_place(module.main):
            module.barn.feed()
        assert "Cow#" in str([access.label for access in ledger.take()])
        assert (sys.modules["barn"], sys.modules["barn.cow"]) == (plain, cow)
    with in_place(plain.feed):  # not rewritten: nothing is put in place
        assert sys.modules["barn"] is plain
    attach(None)
    for name in ("barn", "barn.cow", "observed_program"):
        sys.modules.pop(name, None)
