"""Patterns one state away from another, found among all without decoding them all."""

from collections import Counter

from sqlalchemy import ColumnElement, Connection, Text, case, func, literal, select

from deepaid_core.domain import codec
from deepaid_core.store import tables

__all__ = ["near"]

_LEAST_LONGER = 3
"""States that the longer of two near patterns has: less would leave them one state in common."""


def near(connection: Connection, pattern_id: str) -> tuple[str, ...]:
    """Ids of the patterns that share all states but one, and at least two, with this one.

    Such a pattern is as long as this one, or one state longer or shorter. An unknown pattern has
    none.
    """
    c = tables.paths.c
    own = connection.execute(
        select(c.detector_name, c.pattern).where(c.pattern_id == pattern_id).limit(1)
    ).first()
    states = Counter(codec.load_states(own.pattern) if own is not None else ())
    length = states.total()
    if own is None or length < _LEAST_LONGER - 1:
        return ()
    # A pattern is stored as a JSON list, so a state in it is spelled as in a list of its own. The
    # database only picks candidates; what they share is counted here.
    position = func.strpos if connection.dialect.name == "postgresql" else func.instr
    held: ColumnElement[int] = literal(0)
    for state in states:
        spelled = literal(codec.dump_states((state,))[1:-1], Text)
        held += case((position(c.pattern, spelled) > 0, 1), else_=0)
    candidates = connection.execute(
        select(c.pattern_id, c.pattern)
        .where(
            c.detector_name == own.detector_name,
            c.pattern_id != pattern_id,
            held >= len(states) - (1 if length >= _LEAST_LONGER else 0),
        )
        .distinct()
    )
    found = []
    for row in candidates:
        others = Counter(codec.load_states(row.pattern))
        longer = max(length, others.total())
        if longer >= _LEAST_LONGER and (states & others).total() == longer - 1:
            found.append(row.pattern_id)
    return tuple(sorted(found))
