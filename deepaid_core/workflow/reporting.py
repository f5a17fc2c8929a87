"""Making reports: of findings, a pattern or a case, in any format; each is written to the log."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from deepaid_core import __version__
from deepaid_core.domain.actions import ActionLine, NewRecord
from deepaid_core.domain.case import Case
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.queries import FindingQuery, FindingRow, PatternRow
from deepaid_core.errors import CancelledError, InvalidParameterError
from deepaid_core.reports.document import (
    MAX_FINDINGS,
    ReportDocument,
    checked_masks,
    evidence_json,
)
from deepaid_core.reports.masking import masked
from deepaid_core.reports.parts import Rest
from deepaid_core.workflow import distill, reporting_facts
from deepaid_core.workflow.reporting_request import FORMATS, Format, ReportFile, ReportRequest
from deepaid_core.workspace import Workspace

__all__ = ["FORMATS", "Format", "ReportFile", "ReportRequest", "document", "made", "make"]


@dataclass(frozen=True, slots=True)
class _Form:
    # How files of one format are called.
    ending: str
    media_type: str


_FORMS: Final[Mapping[Format, _Form]] = {
    "html": _Form("html", "text/html"),
    "pdf": _Form("pdf", "application/pdf"),
    "docx": _Form(
        "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    ),
    "md": _Form("zip", "application/zip"),
    "json": _Form("json", "application/json"),
    "stix": _Form("stix.json", "application/stix+json;version=2.1"),
}


@dataclass(frozen=True, slots=True)
class _Subject:
    # What a request asks for, as the store has it.
    ids: tuple[str, ...]
    query: FindingQuery | None = None
    case: Case | None = None
    pattern: PatternRow | None = None
    title: str = ""


def make(
    workspace: Workspace,
    request: ReportRequest,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> ReportFile:
    """Write a report and a line about it to the log of actions.

    Args:
        workspace: Where.
        request: What of.
        progress: Told the share done.
        cancelled: Asked between the steps.

    Raises:
        InvalidParameterError: Nothing or too much was picked, or a choice is unknown.
        NotFoundError: A finding, the pattern or the case is unknown.
        CancelledError: `cancelled` said so; nothing was written.
    """
    if request.format not in _FORMS:
        raise InvalidParameterError(
            f"'{request.format}' is no format of reports; choose one of: {', '.join(FORMATS)}."
        )

    def step(share: float, doing: str) -> None:
        if cancelled():
            raise CancelledError("The report was cancelled; no file was made.")
        progress(share, doing)

    step(0.0, "Reading findings")
    content = document(workspace, request)
    step(0.4, "Drawing the report")
    data = _write(content, request.format)
    step(1.0, "Done")
    form = _FORMS[request.format]
    file = ReportFile(
        f"{_stem(content, request)}.{form.ending}",
        form.media_type,
        data,
        hashlib.sha256(data).hexdigest(),
    )
    author = (workspace.author or "") if request.author is None else request.author
    workspace.store.desk.act([_record(content, request, file, author)])
    return file


def document(workspace: Workspace, request: ReportRequest) -> ReportDocument:
    """What the report says, masked as asked for; nothing is written to the log.

    Raises:
        InvalidParameterError: As for `make`.
        NotFoundError: Likewise.
    """
    store = workspace.store
    masks = checked_masks(request.masks)
    subject = _subject(workspace, request)
    author = workspace.author if request.author is None else request.author
    marking = request.tlp or (subject.case.tlp if subject.case is not None else "amber")
    built = ReportDocument.build(
        store,
        subject.ids,
        generated_time=time.time(),
        version=__version__,
        title=request.title or subject.title,
        author=author or "",
        tlp=marking,
        filters=request.filters,
        suggest=_suggest(workspace),
        describe_state=distill.describe,
        subject=request.subject if subject.case or subject.pattern else "",
        audience=request.audience,
        defang=request.defang,
        case=subject.case,
        pattern=subject.pattern,
        notes=reporting_facts.notes(workspace, subject.case, subject.ids),
        activity=reporting_facts.activities(workspace, subject.case, subject.ids),
        heads=store.audit.heads(),
        software=reporting_facts.software(),
    )
    rows = [item.row for item in built.findings]
    built = replace(
        built,
        suppressions=reporting_facts.suppressions(workspace, rows),
        files=reporting_facts.detector_files(workspace, (row.detector_id for row in rows)),
        rest=_rest(workspace, subject, rows),
    )
    if not masks:
        return built
    return masked(built, masks, known=reporting_facts.known_names(workspace))


def made(workspace: Workspace, subject: str, *, limit: int = 20) -> tuple[ActionLine, ...]:
    """Records of reports on a subject, newest first."""
    found = workspace.store.desk.actions(subject=subject, limit=10 * limit)
    return tuple(
        line
        for line in found
        if isinstance(line.action, NewRecord) and line.action.what == "report"
    )[:limit]


def _subject(workspace: Workspace, request: ReportRequest) -> _Subject:
    store = workspace.store
    asked = [bool(request.finding_ids), request.pattern_id is not None,
             request.case_number is not None]  # fmt: skip
    if sum(asked) > 1:
        raise InvalidParameterError(
            "A report is of findings, of one pattern or of one case; ask for one of them."
        )
    if request.case_number is not None:
        case = store.desk.case(request.case_number)
        title = f"{case.id}: {case.title}"
        if len(case.finding_ids) <= MAX_FINDINGS:
            return _Subject(case.finding_ids, None, case, None, title)
        query = FindingQuery(case_number=case.number)
        ids = tuple(row.id for row in store.page(query, limit=MAX_FINDINGS))
        return _Subject(ids, query, case, None, title)
    if request.pattern_id is not None:
        pattern = store.pattern(request.pattern_id)
        query = FindingQuery(pattern_id=pattern.pattern_id)
        ids = tuple(row.id for row in store.page(query, limit=MAX_FINDINGS))
        title = f"Pattern {pattern.pattern_id} of {pattern.detector_name}"
        return _Subject(ids, query, None, pattern, title)
    return _Subject(request.finding_ids)


def _rest(workspace: Workspace, subject: _Subject, rows: list[FindingRow]) -> Rest | None:
    if subject.query is None or len(rows) < MAX_FINDINGS:
        return None
    reach = workspace.store.reach(subject.query)
    if reach.findings <= len(rows):
        return None
    return Rest(
        findings=reach.findings - len(rows),
        open_findings=reach.open_findings - sum(row.status == "open" for row in rows),
        events=reach.events - sum(row.event_count for row in rows),
        entities=tuple((entity, total) for entity, _, total in reach.top_entities),
    )


def _suggest(workspace: Workspace) -> Callable[[FindingRow], str]:
    told: dict[tuple[str, tuple[str, ...]], str] = {}

    def suggest(row: FindingRow) -> str:
        key = (row.detector_name, row.path)
        if key not in told:
            found = distill.suggestion_for_path(workspace, *key)
            if not found.known or found.category is None:
                told[key] = f"unknown: {found.reason}"
            else:
                told[key] = f"{found.category} ({found.confidence:.0%}): {found.reason}"
        return told[key]

    return suggest


def _write(content: ReportDocument, form: Format) -> bytes:
    # Imported here: who wants one format need not wait for the libraries of the others.
    if form == "json":
        return evidence_json(content).encode()
    if form == "stix":
        from deepaid_core.reports import stix

        return stix.render(content).encode()
    from deepaid_core.reports.outline import outline

    laid_out = outline(content)
    if form == "docx":
        from deepaid_core.reports import docx

        return docx.render(laid_out)
    if form == "md":
        from deepaid_core.reports import markdown

        return markdown.render(laid_out, evidence=evidence_json(content))
    from deepaid_core.reports import html

    page = html.lay_out(laid_out)
    if form == "pdf":
        from deepaid_core.reports import pdf

        return pdf.render(laid_out, page)
    return page.encode()


def _stem(content: ReportDocument, request: ReportRequest) -> str:
    named = request.subject if " " not in request.subject else content.id
    # Ids of findings and patterns are digests of what they are about.
    stem = content.id if content.masks else named
    return stem if content.audience == "technical" else f"{stem}-{content.audience}"


def _record(
    content: ReportDocument, request: ReportRequest, file: ReportFile, author: str
) -> NewRecord:
    facts = {
        "format": request.format,
        "file": file.name,
        "sha256": file.sha256,
        "content": content.sha256,
        "audience": content.audience,
        "tlp": content.tlp,
        "masks": ", ".join(content.masks) or "none",
        "defanged": "yes" if content.defang else "no",
    }
    if request.finding_ids:
        facts["findings"] = " ".join(request.finding_ids)
    return NewRecord("report", request.subject, facts, author)
