"""What of a statement is understood: whatever else it says is refused by name, never passed over.

The parser knows far more SQL than is modelled. Each compiler takes from a node of the tree what it
knows; this table says what that is, so that a word that no compiler looks at ends the run.
"""

from __future__ import annotations

from typing import Any

from raceexplore.sim.postgres.sql.parse import name_of, unmodelled

ALWAYS = frozenset({"this", "expression", "expressions"})
PARTS = {
    "Alias": "alias",
    "Between": "low high",
    "Case": "ifs default",
    "Cast": "to",
    "Column": "table",
    "ColumnConstraint": "kind",
    "ColumnDef": "kind constraints",
    "Concat": "coalesce safe",
    "Count": "big_int",
    "Create": "kind exists unique properties",
    "SequenceProperties": "start increment",
    "CTE": "alias",
    "Delete": "using where returning with_ with",
    "DPipe": "safe",
    "Div": "typed safe",
    "Fetch": "direction count limit_options",
    "Greatest": "ignore_nulls",
    "Least": "ignore_nulls",
    "LimitOptions": "rows",
    "PrimaryKeyColumnConstraint": "include",
    "ForeignKey": "reference",
    "Identifier": "quoted",
    "If": "true false",
    "In": "query",
    "Index": "table params",
    "IndexParameters": "using columns where",
    "Insert": "conflict returning with_ with",
    "Interval": "unit fraction_in_string",
    "Is": "negate",
    "Join": "side kind on using",
    "Literal": "is_string",
    "Lock": "update key wait",
    "NotNullColumnConstraint": "allow_null",
    "OnConflict": "action conflict_keys constraint where",
    "Ordered": "desc nulls_first",
    "PrimaryKey": "include",
    "Reference": "options",
    "Round": "decimals",
    "Select": "from_ from joins where group having distinct order limit offset locks with_ with",
    "Subquery": "alias with_ with",
    "Table": "alias db",
    "Union": "distinct order limit offset with_ with",
    "UniqueColumnConstraint": "include",
    "Update": "from_ from where returning with_ with",
    "With": "recursive",
    "DataType": "nested values kind",
}
KNOWN = {name: ALWAYS | frozenset(words.split()) for name, words in PARTS.items()}


def understood(tree: Any) -> Any:
    """Return ``tree``, a statement. Raises `Unmodelled` if something in it is not looked at."""
    for node in tree.walk():
        kind = type(node).__name__
        known = KNOWN.get(kind, ALWAYS)
        for name, part in node.args.items():
            if name not in known and part not in (None, False, []):
                unmodelled(f"{node.sql('postgres')[:60]} ({name.rstrip('_')})")
        if kind == "Table" and name_of(node.args.get("db")) not in {"", "public"}:
            unmodelled(f"schemas: {node.sql('postgres')}")
    return tree
