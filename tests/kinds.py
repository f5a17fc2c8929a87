"""Findings of sequences, series and links for tests, of the same made-up office network."""

from dataclasses import replace
from typing import Any

from deepaid_core.domain.details import (
    Habit,
    Likely,
    LinkDetails,
    LinkScore,
    Neighbor,
    NeighborLink,
    NextKey,
    SequenceDetails,
    SeriesColumn,
    SeriesDetails,
)
from deepaid_core.domain.finding import EvidenceRow, Finding
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from tests.factories import START, make_finding

__all__ = [
    "CONNECTION",
    "FAILED",
    "make_link_finding",
    "make_sequence_finding",
    "make_series_finding",
]

CONNECTION = 'Connection from <*> port <*> on <*> port 22 rdomain ""'
FAILED = "Failed password for <*> from <*> port <*> ssh2"
_ACCEPTED = "Accepted publickey for <*> from <*> port <*> ssh2: ED25519 <*>"
_OPENED = "pam_unix(sshd:session): session opened for user <*> by (uid=0)"
_CHILD = "User child is on pid <*>"
_INVALID = "Invalid user <*> from <*> port <*>"
_CLOSED = "Connection closed by <*> port <*> [preauth]"
_SUDO = "<*> : TTY=<*> ; PWD=<*> ; USER=root ; COMMAND=<*>"

# (template, line) of one session, in order.
_SESSION = (
    (CONNECTION, 'Connection from 10.79.0.26 port 20001 on 10.79.0.13 port 22 rdomain ""'),
    (_INVALID, "Invalid user oracle from 10.79.0.26 port 20001"),
    (FAILED, "Failed password for invalid user oracle from 10.79.0.26 port 20001 ssh2"),
    (FAILED, "Failed password for invalid user oracle from 10.79.0.26 port 20001 ssh2"),
    (FAILED, "Failed password for root from 10.79.0.26 port 20001 ssh2"),
    (_ACCEPTED, "Accepted publickey for backup from 10.79.0.26 port 20001 ssh2: ED25519 SHA256:qX"),
    (_OPENED, "pam_unix(sshd:session): session opened for user backup by (uid=0)"),
    (_CHILD, "User child is on pid 634"),
    (_SUDO, "backup : TTY=pts/0 ; PWD=/var/backups ; USER=root ; COMMAND=/usr/bin/tar cf - /etc"),
    (_CLOSED, "Connection closed by 10.79.0.26 port 20001 [preauth]"),
)
_FLAGGED = 5  # position of the flagged line in the session
_HISTORY = 10


def _diagnostics(score: float, threshold: float, steps: int, **overrides: Any) -> Diagnostics:
    verified = overrides.get("verified", True)
    reference = threshold - 0.2 * abs(score - threshold) if verified else score - 1e-6
    values: dict[str, Any] = {
        "score": score,
        "threshold": threshold,
        "reference_score": reference,
        "verified": verified,
        "max_deviations": 3,
        "deviations_needed": steps,
        "plausibility": 22.5,
        "flip_scores": tuple(
            score + (reference - score) * step / steps for step in range(1, steps + 1)
        ),
        "seed": 7,
    }
    return Diagnostics(**{**values, **overrides})


def _finding(number: int, interpretation: Interpretation, **values: Any) -> Finding:
    proof = interpretation.diagnostics
    defaults = {
        "interpretation": interpretation,
        "threshold": proof.threshold,
        "max_score": proof.score,
        "member_scores": (proof.score, proof.score * 0.98, proof.score * 0.99, proof.score),
    }
    return make_finding(number, **{**defaults, **values})


def make_sequence_finding(
    number: int = 0,
    *,
    history_edit: bool = True,
    details: SequenceDetails | None = None,
    **overrides: Any,
) -> Finding:
    """A login after failed passwords; normal had two lines before it been another.

    Args:
        number: Makes ids differ.
        history_edit: Whether changing the history is the answer, or the flagged line itself.
        details: Stands in for the details as a whole.
        overrides: Of the finding.
    """
    templates = [template for template, _ in _SESSION]
    before = [""] * (_HISTORY - _FLAGGED) + templates[:_FLAGGED]
    observed = (*before, templates[_FLAGGED])
    at = len(observed) - 3 if history_edit else len(observed) - 1
    wanted = _INVALID if history_edit else _CLOSED
    reference = tuple(wanted if i == at else key for i, key in enumerate(observed))
    deviation = Deviation(
        field=f"position:{at - len(observed) + 1}",
        title="2 lines before the flagged line" if history_edit else "flagged line",
        direction="changed",
        size=1.0,
        weight=1.0,
        cells=(Cell("key", "log line", "", observed[at], wanted),),
    )
    interpretation = Interpretation(
        interpreter="key-substitution",
        deviations=(deviation,),
        observed=tuple(float(len(key)) for key in observed),
        reference=tuple(float(len(key)) for key in reference),
        diagnostics=_diagnostics(4.1, 0.0, 1),
        modality=Modality.SEQUENCE,
        details=details
        or SequenceDetails(
            observed=observed,
            reference=reference,
            expected=(
                Likely(_CLOSED, 0.872),
                Likely(FAILED, 0.094),
                Likely(_INVALID, 0.021),
                Likely(CONNECTION, 0.004),
            ),
            observed_probability=0.0002,
            reference_probability=0.31,
            history_edits=1 if history_edit else 0,
            next_key=NextKey(_CLOSED, -2.3, 0.872),
            top=3,
        ),
    )
    first = 1000 * number
    evidence = tuple(
        EvidenceRow(
            index=first + 7 * place,
            time=START + 90.0 * number + 0.4 * place,
            score=4.1 if place == _FLAGGED else (1.2 if place == 8 else None),
            flagged=place in (_FLAGGED, 8),
            values=(template, line, "sshd", "files01", "10.79.0.26, 20001", str(place)),
        )
        for place, (template, line) in enumerate(_SESSION)
    )
    state = f"position:{at - len(observed) + 1}:changed:0"
    values: dict[str, Any] = {
        "detector_name": "ssh-sessions",
        "source_name": "auth.log.gz",
        "entity": f"files01 sshd[{621 + number}]",
        "ratio": 1.89,
        "event_count": 2,
        "event_index": first + 7 * _FLAGGED,
        "member_indices": (first + 7 * _FLAGGED, first + 56),
        "member_times": (evidence[_FLAGGED].time, evidence[8].time),
        "member_scores": (4.1, 1.2),
        "path": (state,),
        "summary": "unexpected log line",
        "evidence_columns": ("template", "line", "process", "host", "parameters", "position"),
        "evidence": evidence,
        "peers": {},
    }
    return _finding(number, interpretation, **{**values, **overrides})


_METRICS = (
    ("web01.pkts_out", "packets", 40.0),
    ("web01.bytes_out", "B", 52_000.0),
    ("gw.syn_out", "", 0.0),
    ("db01.pkts_in", "packets", 6.0),
    ("dns01.mean_len_out", "bytes", 84.0),
    ("all.active_pairs", "", 12.0),
)


def make_series_finding(number: int = 0, *, columns: int = 6, **overrides: Any) -> Finding:
    """A burst of packets of web01 in the last two steps, and SYNs of the gateway in the last.

    Args:
        number: Makes ids differ.
        columns: Metrics of the series; from the seventh on they never change.
        overrides: Of the finding.
    """
    steps = 11
    metrics = [
        *_METRICS[:columns],
        *((f"host{i}.pkts_out", "packets", 5.0) for i in range(columns - 6)),
    ]
    normal = [
        [base * (1.0 + 0.05 * ((step * (place + 3)) % 5 - 2)) for place, (_, _, base) in
         enumerate(metrics)]
        for step in range(steps)
    ]  # fmt: skip
    seen = [list(row) for row in normal]
    seen[-1][0], seen[-2][0], seen[-1][2] = 2900.0, 610.0, 75.0
    reference = [list(row) for row in seen]
    reference[-1][0], reference[-2][0], reference[-1][2] = 44.0, 41.0, 0.0

    def cell(column: int, step: int) -> Cell:
        name, unit, base = metrics[column]
        before = "scored step" if step == 0 else f"{-step} step{'s' if step < -1 else ''} before"
        return Cell(
            f"{name}@{step}", before, unit, seen[step - 1][column], reference[step - 1][column],
            base * 0.8, base * 1.3, 100.0,
        )  # fmt: skip

    deviations = (
        Deviation("web01.pkts_out", "web01.pkts_out", "up", 310.0, 0.8, (cell(0, 0), cell(0, -1))),
        Deviation("gw.syn_out", "gw.syn_out", "up", 75.0, 0.2, (cell(2, 0),)),
    )
    first = START + 90.0 * number
    effects = [3.1, 0.02, 0.7, 0.0, -0.01, 0.0]
    interpretation = Interpretation(
        interpreter="greedy-cells",
        deviations=deviations,
        observed=tuple(value for row in seen for value in row),
        reference=tuple(value for row in reference for value in row),
        diagnostics=_diagnostics(4.4, 1.1, 2),
        modality=Modality.SERIES,
        details=SeriesDetails(
            steps=steps,
            step_times=tuple(first + step for step in range(steps)),
            columns=tuple(
                SeriesColumn(
                    name, name, unit, base * 0.8, base * 1.3,
                    effects[place] if place < 6 else 0.0,
                )
                for place, (name, unit, base) in enumerate(metrics)
            ),
        ),
    )  # fmt: skip
    values: dict[str, Any] = {
        "detector_name": "host-rates",
        "source_name": "eval.csv.gz",
        "entity": "web01",
        "path": ("web01.pkts_out:up:3", "gw.syn_out:up:2"),
        "summary": "66× higher: web01.pkts_out; from zero: gw.syn_out",
        "ratio": 4.0,
        "evidence_columns": ("web01.pkts_out", "gw.syn_out"),
        "evidence": tuple(
            EvidenceRow(
                1000 * number + step, first + step, 4.4 if step == 10 else None, step == 10,
                (f"{seen[step][0]:g}", f"{seen[step][2]:g}"),
            )
            for step in range(steps)
        ),
        "event_index": 1000 * number + 10,
        "peers": {},
    }  # fmt: skip
    return _finding(number, interpretation, **{**values, **overrides})


def make_link_finding(
    number: int = 0, *, unknown: bool = False, neighbors: int = 24, **overrides: Any
) -> Finding:
    """A user of finance who logs in to a host of the workshop.

    Args:
        number: Makes ids differ.
        unknown: Whether the source host never occurred in training.
        neighbors: Nodes of the graph.
        overrides: Of the finding.
    """
    source = "ws99" if unknown else "ws-fin02"
    observed, reference = ("anna.k", source, "plc-gw01"), ("anna.k", "ws-fin02", "files-fin")
    if not unknown:
        reference = ("anna.k", source, "files-fin")
    finance, workshop = "group of files-fin", "group of plc-gw01"
    named = [
        Neighbor("anna.k", "user", finance, ("user",), ("user",)),
        Neighbor(
            source, "host", "" if unknown else finance, ("source",), () if unknown else ("source",)
        ),
        Neighbor("plc-gw01", "host", workshop, ("destination",), ()),
        Neighbor("files-fin", "host", finance, (), ("destination",)),
        *([Neighbor("ws-fin02", "host", finance, (), ("source",))] if unknown else []),
    ]
    others = [
        Neighbor(
            f"user{i:02d}" if i % 2 else f"ws{i:02d}",
            "user" if i % 2 else "host",
            finance if i % 3 else workshop,
            (),
            (),
        )
        for i in range(max(0, neighbors - len(named)))
    ]
    nodes = (*named, *others)
    hubs = {finance: 3, workshop: 2}
    links = tuple(
        NeighborLink(hubs[node.group], place, 3 + place % 7)
        for place, node in enumerate(nodes)
        if node.group and place not in hubs.values()
    )
    changed = [position for position in range(3) if observed[position] != reference[position]]
    roles = ("user", "source", "destination")
    deviations = tuple(
        Deviation(
            roles[position],
            roles[position],
            "changed",
            1.0,
            1.0 / len(changed),
            (Cell(roles[position], roles[position], "", observed[position], reference[position]),),
        )
        for position in reversed(changed)
    )
    pairs = ((1, 2), (0, 2), (0, 1))
    interpretation = Interpretation(
        interpreter="endpoint-replacement",
        deviations=deviations,
        observed=(),
        reference=(),
        diagnostics=_diagnostics(0.9987, 0.952, len(deviations), max_deviations=2),
        modality=Modality.LINK,
        details=LinkDetails(
            roles=roles,
            observed=observed,
            reference=reference,
            groups=(finance, "" if unknown else finance, workshop),
            reference_groups=(finance, finance, finance),
            unknown=("source",) if unknown else (),
            links=tuple(
                LinkScore(
                    (roles[a], roles[b]),
                    0.0013 if b == 2 else (0.002 if unknown else 0.93),
                    0.94 if b == 2 else 0.93,
                    0 if b == 2 or unknown else 118,
                    61 if b == 2 else 118,
                )
                for a, b in pairs
            ),
            habits=(
                Habit("user", "anna.k", "destination", "files-fin", 61),
                Habit("user", "anna.k", "source", "ws-fin02", 118),
                *(
                    ()
                    if unknown
                    else (Habit("source", "ws-fin02", "destination", "files-fin", 57),)
                ),
                Habit("destination", "plc-gw01", "user", "user03", 44),
                Habit("destination", "plc-gw01", "source", "ws06", 40),
            ),
            neighbors=nodes,
            neighbor_links=links,
        ),
    )
    role = "source" if unknown else "destination"
    values: dict[str, Any] = {
        "detector_name": "logins",
        "source_name": "auth_events.csv",
        "entity": "anna.k",
        "path": (f"{role}:changed:0",),
        "summary": "destination: plc-gw01 instead of files-fin",
        "ratio": 1.97,
        "evidence_columns": ("user", "source", "destination", "outcome"),
        "evidence": tuple(
            EvidenceRow(
                1000 * number + i, START + 60.0 * i, 0.9987 if i == 2 else None, i == 2,
                ("anna.k", source, "plc-gw01" if i == 2 else "files-fin", "1"),
            )
            for i in range(4)
        ),
        "peers": {"plc-gw01": 1},
    }  # fmt: skip
    return _finding(number, interpretation, **{**values, **overrides})


def renamed(finding: Finding, name: str) -> Finding:
    """The finding with every name, text and column that can come from outside replaced."""
    old = finding.interpretation

    def cell(one: Cell) -> Cell:
        text = isinstance(one.observed, str)
        return replace(
            one,
            title=name,
            unit="" if text else name,
            observed=name if text else one.observed,
            reference=f"{name}2" if text else one.reference,
        )

    details = old.details
    if isinstance(details, SequenceDetails):
        details = replace(
            details,
            observed=tuple(f"{name}{i}" for i, _ in enumerate(details.observed)),
            reference=(*(f"{name}{i}" for i, _ in enumerate(details.reference[:-1])), name),
            expected=tuple(replace(one, text=f"{name}{one.text}") for one in details.expected),
            next_key=NextKey(name, 0.0, 0.5),
        )
    elif isinstance(details, SeriesDetails):
        details = replace(
            details,
            columns=tuple(replace(one, title=name, unit=name) for one in details.columns),
        )
    elif isinstance(details, LinkDetails):
        details = replace(
            details,
            observed=tuple(f"{name}{i}" for i in range(3)),
            reference=tuple(f"{name}{i + (i == 2)}" for i in range(3)),
            groups=(name,) * 3,
            reference_groups=(name,) * 3,
            habits=tuple(replace(one, node=name, counterpart=name) for one in details.habits),
            neighbors=tuple(
                replace(one, name=f"{name}{i}", group=name)
                for i, one in enumerate(details.neighbors)
            ),
        )
    interpretation = replace(
        old,
        deviations=tuple(
            replace(one, title=name, cells=tuple(map(cell, one.cells))) for one in old.deviations
        ),
        details=details,
    )
    return replace(
        finding,
        interpretation=interpretation,
        entity=name,
        summary=name,
        source_name=name,
        evidence_columns=tuple(
            column if column in {"template", "line"} else f"{name}{i}"
            for i, column in enumerate(finding.evidence_columns)
        ),
        evidence=tuple(replace(row, values=(name,) * len(row.values)) for row in finding.evidence),
        peers={name: 3} if finding.peers else {},
    )
