"""A workspace in which every text that can come from outside is hostile."""

import time
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.actions import (
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewNote,
    NewRecord,
    NewTechnique,
)
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.log import NewLessons, NewSetting, NewUndo, TaughtPath
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workspace import Workspace
from tests.factories import make_detector_record, make_finding, make_run, make_verdict
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed

__all__ = ["FORMULA", "LONG", "MARKUP", "TEXTS", "TICKETS", "Planted", "plant"]

MARKUP: Final = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>![x](http://evil.example/a.png)"
    '[y](javascript:alert(1))"\'"><svg onload=alert(1)>{{7*7}}{% raw %}$\\frac$\n'
    "# second line\u202egpj\x00../../etc/passwd :material/home: **b** `c` | http://evil.example/"
)
FORMULA: Final = "=cmd|' /C calc'!A0"
LONG: Final = "=HYPERLINK(\"http://evil.example/\")<b onclick='alert(1)'>" + "n" * 10_000
TEXTS: Final = {"markup": MARKUP, "formula": FORMULA, "long": LONG}
TICKETS: Final = ("javascript:alert(1)", "http://evil.example/?q=<script>alert(1)</script>", LONG)

_MAKERS = (make_finding, make_sequence_finding, make_series_finding, make_link_finding)


@dataclass(frozen=True)
class Planted:
    """What was planted of one text.

    Attributes:
        text: It.
        case_number: A case of which every field is that text.
        findings: One of each kind of data; the first three are decided, of the first pattern two.
    """

    text: str
    case_number: int
    findings: tuple[Finding, ...]


def plant(workspace: Workspace) -> dict[str, Planted]:
    """Findings of every kind, decisions on them and everything that analysts write.

    It is written past the checks of texts, as an older version or another program might do.
    """
    store = workspace.store
    store.add_detector(make_detector_record(name=MARKUP, trained_on="../../etc/passwd", kind=LONG))
    planted = {}
    for place, (name, text) in enumerate(TEXTS.items()):
        findings = [_finding(make, 10 * place + n, text) for n, make in enumerate(_MAKERS)]
        # A second of the first pattern: something to look back on.
        findings.append(_finding(make_finding, 10 * place + 8, text))
        store.add_run(make_run(place, source_name=text), findings)
        first, session, window, login, again = findings
        author = text[:2000]
        store.append(
            [
                make_verdict(first, again, reason=text, category=text, author=author),
                make_verdict(
                    session, label=VerdictLabel.TRUE_POSITIVE, category=text, reason=text,
                    author=author,
                ),
                make_verdict(window, reason=text, category=text, author=author),
            ]
        )  # fmt: skip
        store.append([NewUndo(store.version()[0], author, text)])
        store.append(
            [
                NewSuppression(
                    SuppressionScope(login.detector_name, login.pattern_id, (login.entity,)),
                    VerdictLabel.FALSE_POSITIVE, text, text, author, text, TICKETS[place],
                    time.time() + 30 * 86_400,
                ),
                NewSetting("resurfaced_share", "0.5", author, text),
                NewLessons(
                    (TaughtPath(text, VerdictLabel.FALSE_POSITIVE, text, (text, "b"), 2),),
                    text, "ab" * 32, author, text,
                ),
            ]
        )  # fmt: skip
        ids = tuple(finding.id for finding in findings)
        number = place + 1
        store.desk.act(
            [
                NewCase(text, ids, author, text),
                NewCaseChange(
                    number,
                    dict.fromkeys(("impact", "actions_taken", "recommendations", "assignee"), text),
                    author,
                ),
                NewTechnique(number, "T1046", text, author),
                NewTechnique(number, "T1110.001", text, author),
                NewNote(f"C-{number}", text, author),
                *(NewNote(one, text, author) for one in ids),
                NewAssignment(dict.fromkeys(ids, text), author),
                NewRecord("export", text, {"format": text, text: text}, author),
            ]
        )
        store.desk.save_view(text, "entity=x", author=author)
        planted[name] = Planted(text, number, tuple(findings))
    return planted


def _finding(make, number: int, text: str) -> Finding:
    path = (text, f"{text}:up:3")
    values = {"entity": f"{text}{number}", "path": path}
    return renamed(make(number, detector_name=f"{text}{make.__name__}", **values), text)
