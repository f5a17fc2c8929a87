"""Techniques of cases as a layer of the ATT&CK Navigator, in its file format 4.5."""

import json
from collections.abc import Sequence
from typing import Any, Final

from deepaid_core.domain.attack import ATTACK_VERSION, technique_name
from deepaid_core.domain.case import Case, CaseQuery
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_count
from deepaid_core.workspace import Workspace

__all__ = ["navigator_layer"]

_MOST: Final = 100_000
_COLORS: Final = ("#dcebf7", "#0b5cad")


def navigator_layer(workspace: Workspace, number: int | None = None) -> str:
    """The techniques that analysts saw, as JSON for the Navigator.

    The score of a technique is how many different findings with the verdict true positive the
    cases that carry it hold.

    Args:
        workspace: Where.
        number: Only this case; None for all but discarded and merged ones.

    Raises:
        NotFoundError: There is no such case.
    """
    cases = _cases(workspace, number)
    confirmed = {case.number: _confirmed(workspace, case.number) for case in cases}
    by_technique: dict[str, list[Case]] = {}
    for case in cases:
        for one in case.techniques:
            by_technique.setdefault(one.id, []).append(case)
    techniques = [_technique(name, by_technique[name], confirmed) for name in sorted(by_technique)]
    whole = cases[0] if number is not None else None
    layer = {
        "name": f"{whole.id} {whole.title}" if whole else "All cases",
        "versions": {"attack": ATTACK_VERSION, "navigator": "4.9.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "Techniques that analysts noted on cases; the score counts the confirmed "
        "findings (true positives) of these cases.",
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True,
                   "expandedSubtechniques": "annotated"},
        "techniques": techniques,
        # The format wants the upper bound above the lower one.
        "gradient": {
            "colors": list(_COLORS),
            "minValue": 0,
            "maxValue": max([1, *(one["score"] for one in techniques)]),
        },
    }  # fmt: skip
    return json.dumps(layer, indent=2)


def _cases(workspace: Workspace, number: int | None) -> list[Case]:
    desk = workspace.store.desk
    if number is not None:
        return [desk.case(number)]
    rows = desk.cases(CaseQuery(), limit=_MOST)
    return [desk.case(row.number) for row in rows if row.merged_into is None]


def _confirmed(workspace: Workspace, number: int) -> frozenset[str]:
    query = FindingQuery(case_number=number, verdict=VerdictLabel.TRUE_POSITIVE)
    return frozenset(workspace.store.ids(query))


def _technique(
    technique: str, cases: Sequence[Case], confirmed: dict[int, frozenset[str]]
) -> dict[str, Any]:
    findings: frozenset[str] = frozenset().union(*(confirmed[case.number] for case in cases))
    reasons = [
        f"{case.id}: {one.reason}"
        for case in cases
        for one in case.techniques
        if one.id == technique
    ]
    name = technique_name(technique)
    return {
        "techniqueID": technique,
        "score": len(findings),
        "comment": "\n".join(reasons),
        "enabled": True,
        "metadata": [
            *([{"name": "technique", "value": name}] if name else []),
            {"name": "confirmed", "value": format_count(len(findings), "finding")},
            {"name": "cases", "value": ", ".join(case.id for case in cases)},
        ],
    }
