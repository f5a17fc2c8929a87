"""What two analysts did in the demo workspace before the pictures were taken."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from deepaid_core.domain.case import CaseStatus
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import (
    assign,
    cases,
    evaluate,
    notes,
    proposals,
    reporting,
    suppress,
    triage,
)
from deepaid_core.workflow.demo import sample_data
from deepaid_core.workflow.labels import LabelFile
from deepaid_core.workflow.reporting_request import ReportRequest
from deepaid_core.workspace import Workspace

__all__ = ["ANA", "BEN", "Story", "tell"]

ANA, BEN = "ana", "ben"
GUEST, SERVER, BACKUP, FILES = "10.77.0.66", "10.77.0.10", "10.77.0.15", "10.77.0.11"
ADMIN, WORKSTATION, DATABASE = "10.77.0.20", "10.77.0.23", "10.77.0.12"


@dataclass(frozen=True, slots=True)
class Story:
    """Ids that the pictures are taken of.

    Attributes:
        case: Number of the case.
        detector: The detector of packets, evaluated on what was planted in the recording.
        finding: An open finding of packets, the one that the walk judges.
        pattern: The pattern that most open findings share.
        kinds: For each detector its strongest open finding that is verified.
    """

    case: int
    detector: str
    finding: str
    pattern: str
    kinds: Mapping[str, str]


def tell(workspace: Workspace) -> Story:
    """Judge, assign, suppress and collect in a workspace that holds the demo."""
    _judge_backup(workspace)
    _judge(workspace, "admin_health_sweep", (ADMIN,), VerdictLabel.BENIGN_POSITIVE, "admin-scan")
    _judge(
        workspace,
        "software_update",
        ("10.77.0.22",),
        VerdictLabel.FALSE_POSITIVE,
        "software-update",
    )
    case = _guest_case(workspace)
    _upload_case(workspace)
    _share_out(workspace)
    return _subjects(workspace, case, _evaluated(workspace))


def _events() -> dict[str, tuple[float, float]]:
    """First and last moment of each planted event of the recording, by its type."""
    with (sample_data() / "network" / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["type"]: (float(row["start"]), float(row["end"])) for row in csv.DictReader(file)
        }


def _of(workspace: Workspace, event: str, entities: tuple[str, ...]) -> list[FindingRow]:
    start, end = _events()[event]
    query = FindingQuery(
        detector_name="packets", entities=entities, within=(start - 2.0, end + 2.0)
    )
    return list(workspace.store.page(query, limit=100))


def _judge(
    workspace: Workspace,
    event: str,
    entities: tuple[str, ...],
    label: VerdictLabel,
    category: str,
    reason: str = "Planned work, on the calendar of operations.",
    author: str = BEN,
    limit: int = 12,
) -> list[str]:
    found = [row.id for row in _of(workspace, event, entities)[:limit]]
    triage.give_verdict(
        workspace,
        finding_ids=found,
        label=label,
        category=category,
        reason=reason,
        author=author,
        scope="selection",
    )
    return found


def _judge_backup(workspace: Workspace) -> None:
    reason = "Nightly backup of the file share: rsync over ssh from bkp01 to files01."
    judged = _judge(
        workspace,
        "backup_burst",
        (BACKUP, FILES),
        VerdictLabel.FALSE_POSITIVE,
        "backup-job",
        reason,
        limit=20,
    )
    suppress.suppress(workspace, proposals.burst_proposal(workspace, judged, author=BEN))


def _guest_case(workspace: Workspace) -> int:
    found = [
        *_judge(
            workspace,
            "nmap_service_scan",
            (GUEST,),
            VerdictLabel.TRUE_POSITIVE,
            "port-scan",
            "guest01 asks all servers for the versions of their services; not authorized.",
            ANA,
        ),
        *_judge(
            workspace,
            "ssh_bruteforce",
            (GUEST,),
            VerdictLabel.TRUE_POSITIVE,
            "password-guessing",
            "Hundreds of short ssh connections to files01 within a minute.",
            ANA,
        ),
        *_judge(
            workspace,
            "syn_flood",
            (GUEST, SERVER),
            VerdictLabel.TRUE_POSITIVE,
            "syn-flood",
            "15,000 SYN packets to web01 in 15 s, no connection is completed.",
            ANA,
        ),
    ]
    number = cases.open_case(
        workspace,
        title="guest01 scans, guesses passwords and floods web01",
        finding_ids=found,
        author=ANA,
        summary="The guest laptop looked for services, tried passwords on files01 and then flooded "
        "web01. No login succeeded.",
    ).case_number
    for technique, why in (
        ("T1046", "Ports and versions of six servers are asked for one after another."),
        ("T1110.001", "Many failed logins on files01 from one address."),
        ("T1499.001", "SYN packets to web01 without a completed connection."),
    ):
        cases.add_technique(workspace, number, technique, why, author=ANA)
    cases.take_note(workspace, number, "Port of guest01 is closed since 05:40 UTC.", author=ANA)
    cases.take_note(
        workspace, number, "web01 answers again. Access log is kept as evidence.", author=BEN
    )
    cases.change(
        workspace,
        number,
        {
            "status": CaseStatus.IN_PROGRESS,
            "assignee": ANA,
            "impact": "web01 was slow for about a minute; no account was taken over.",
            "actions_taken": "The switch port of guest01 was closed.",
            "recommendations": "Keep guests in a network of their own.",
        },
        author=ANA,
    )
    reporting.make(workspace, ReportRequest(case_number=number, format="html", author=ANA))
    return number


def _upload_case(workspace: Workspace) -> None:
    found = _judge(
        workspace,
        "http_exfiltration",
        (WORKSTATION,),
        VerdictLabel.TRUE_POSITIVE,
        "upload-outside",
        "ws03 sends files to 10.88.0.66, which nobody in the house knows.",
        ANA,
    )
    number = cases.open_case(
        workspace, title="ws03 uploads to an unknown server", finding_ids=found, author=ANA
    ).case_number
    cases.add_technique(
        workspace, number, "T1048", "HTTP PUT to an outside server, 2,900 packets.", author=ANA
    )
    cases.change(workspace, number, {"assignee": BEN, "status": CaseStatus.IN_PROGRESS}, author=ANA)


def _share_out(workspace: Workspace) -> None:
    """Work that is taken, a note, and two views that both analysts keep."""
    for detector, author in (("logins", ANA), ("host-rates", BEN)):
        rows = workspace.store.page(
            FindingQuery(status=Status.OPEN, detector_name=detector), limit=6
        )
        assign.assign(workspace, [row.id for row in rows], author, author=author)
    (finding, *_) = _of(workspace, "db_bulk_import", (DATABASE,))
    notes.take(workspace, finding.id, "Asked the owner of db01 about an import.", author=BEN)
    desk = workspace.store.desk
    desk.save_view("Guest network", f"entity={GUEST}", author=ANA)
    desk.save_view("Logins, strongest first", "detector=logins", author=BEN)


def _evaluated(workspace: Workspace) -> str:
    """The detector of packets, compared with the labels of the recording."""
    network = sample_data() / "network"
    (detector,) = [one for one in workspace.store.detectors() if one.name == "packets"]
    labels = LabelFile(path=network / "eval_packet_labels.csv.gz", events=network / "labels.csv")
    evaluate.evaluate(workspace, detector.id, network / "eval.pcap.gz", labels=labels, author=BEN)
    return detector.id


def _subjects(workspace: Workspace, case: int, evaluated: str) -> Story:
    kinds = {}
    for detector in ("packets", "ssh-sessions", "host-rates", "logins"):
        query = FindingQuery(status=Status.OPEN, detector_name=detector, verified=True)
        kinds[detector] = workspace.store.page(query, limit=1)[0].id
    (pattern, *_) = workspace.store.groups(FindingQuery(status=Status.OPEN), "pattern", limit=1)
    return Story(case, evaluated, kinds["packets"], pattern.key, kinds)
