"""Workspaces of made-up packet findings, and short words to judge and suppress them with."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import SuppressionRefusedError
from deepaid_core.workflow import suppress, triage
from deepaid_core.workspace import Workspace
from tests.factories import make_finding, make_run

__all__ = [
    "BENIGN",
    "FALSE",
    "FINDINGS",
    "FIRST",
    "PATTERN",
    "SECOND",
    "TRUE",
    "UNDETERMINED",
    "copied",
    "failing",
    "hidden",
    "judge",
    "judge_falsely",
    "make_suppression",
    "make_template",
    "refused",
    "share_of_checks",
]

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
BENIGN, UNDETERMINED = VerdictLabel.BENIGN_POSITIVE, VerdictLabel.UNDETERMINED
# Forty findings of four patterns: numbers 0, 4, 8, ... share the first, and so on. Their scores
# keep below the critical band.
FINDINGS = [make_finding(number, max_score=0.3 + 0.004 * number) for number in range(40)]
FIRST = [finding.id for finding in FINDINGS[::4]]
SECOND = [finding.id for finding in FINDINGS[1::4]]
PATTERN = FINDINGS[0].pattern_id


def make_template(folder: Path, findings: Sequence[Finding] = FINDINGS) -> Path:
    """The folder of a workspace with findings, to be copied: quicker than making one."""
    workspace = Workspace.open(folder)
    workspace.store.add_run(make_run(), findings)
    workspace.close()
    return folder


def copied(template: Path, folder: Path) -> Workspace:
    """An open workspace that is a copy of another."""
    shutil.copytree(template, folder)
    return Workspace.open(folder)


def judge(workspace, *finding_ids, label=FALSE, category="backup-job", **changes):
    """A verdict on findings, each a decision of its own unless the scope says otherwise."""
    values = {"reason": "Nightly copy.", "author": "ana", **changes}
    return triage.give_verdict(
        workspace, finding_ids=finding_ids, label=label, category=category, **values
    )


def judge_falsely(workspace, finding_ids=FIRST, count=3):
    """False positives on the first of these findings, as many decisions as they are."""
    return judge(workspace, *finding_ids[:count])


def make_suppression(scope=None, **changes) -> NewSuppression:
    """A suppression of the first pattern that lacks nothing."""
    values = {
        "scope": scope or SuppressionScope("packets", PATTERN),
        "basis": FALSE,
        "category": "backup-job",
        "reason": "Nightly copy to the file server.",
        "author": "ana",
        "owner": "ben",
        "ticket": "OPS-7",
        "expires_time": time.time() + 30 * suppress.DAY_S,
    }
    return NewSuppression(**{**values, **changes})


def hidden(workspace):
    return set(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED)))


def share_of_checks(workspace, share):
    workspace.store.append([NewSetting("resurfaced_share", str(share), "ana")])


def failing(workspace, decision):
    found = suppress.preview(workspace, decision)
    failed = {one.name: one for one in found.checks if not one.passed}
    assert found.allowed is not any(one.blocking for one in failed.values())
    return failed


def refused(workspace, decision, *names):
    """The only guards that block are these; the core refuses and writes nothing."""
    before = workspace.store.version()
    failed = failing(workspace, decision)
    blocking = [one for one in failed.values() if one.blocking]
    assert {one.name for one in blocking} == set(names)
    with pytest.raises(SuppressionRefusedError) as refusal:
        suppress.suppress(workspace, decision)
    for check in blocking:
        assert check.sentence in str(refusal.value)
        assert all(finding_id in str(refusal.value) for finding_id in check.finding_ids)
    assert workspace.store.version() == before
    assert hidden(workspace) == set()
    return failed
