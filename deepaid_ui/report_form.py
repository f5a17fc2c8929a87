"""The dialog that makes a report: of findings, a pattern or a case, in any format."""

from collections.abc import Callable, Sequence
from typing import Final, cast

import streamlit as st

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.case import TLP
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.figures.numbers import format_count, format_time_utc, format_value
from deepaid_core.reports.document import AUDIENCES, MASKS, MAX_FINDINGS, Audience
from deepaid_core.workflow import reporting
from deepaid_core.workflow.reporting import FORMATS, Format, ReportFile, ReportRequest
from deepaid_ui import problems, session
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["asking", "button"]

_ASKED: Final = "_report_asked"
_KIND: Final = "report"
_FORMAT, _AUDIENCE, _TLP, _MASKS, _DEFANG, _TITLE = (
    f"report-form-{name}" for name in ("format", "audience", "tlp", "masks", "defang", "title")
)
_LONGEST_TITLE: Final = 200
_FORMAT_WORDS: Final[dict[Format, str]] = {
    "html": "HTML: one file, figures can be zoomed, opens offline",
    "pdf": "PDF: to print or to send",
    "docx": "DOCX: to edit in a word processor",
    "md": "Markdown with pictures, in a zip: to paste into a case tool",
    "json": "JSON: the evidence for machines, checked by “deepaid verify”",
    "stix": "STIX 2.1: for threat intelligence platforms",
}
_AUDIENCE_WORDS: Final[dict[Audience, str]] = {
    "technical": "Technical",
    "executive": "Executive",
}
_MASK_WORDS: Final = {
    "users": "Names of users",
    "addresses": "Addresses and hosts",
    "payload": "Raw records",
}
_SECTIONS: Final[dict[Audience, tuple[str, ...]]] = {
    "technical": (
        "summary", "each finding with its figures", "how far to trust it", "raw events",
        "timeline", "scope", "pattern and precedent", "indicators and ATT&CK",
        "actions and open questions", "annex with digests and both logs",
    ),
    "executive": (
        "summary", "the findings furthest over the threshold", "timeline", "scope",
        "indicators and ATT&CK", "actions and open questions",
    ),
}  # fmt: skip


def button(
    *,
    finding_ids: Sequence[str] | Callable[[], Sequence[str]] = (),
    pattern_id: str | None = None,
    case_number: int | None = None,
    filters: str = "",
    label: str = "Report…",
    key: str = "report",
    disabled: bool = False,
) -> None:
    """A button that asks in a dialog what report to make, and the dialog while it is open.

    Args:
        finding_ids: Of these findings; a function is asked for them when the dialog opens.
        pattern_id: Or of a pattern.
        case_number: Or of a case.
        filters: How the findings were picked, in words.
        label: On the button.
        key: Unique on the page.
        disabled: Nothing can be reported.
    """
    st.button(
        label,
        key=f"{key}-open",
        icon=":material/description:",
        disabled=disabled,
        on_click=_open,
        args=(key,),
        help="Choose format and audience, and what to leave out",
    )
    if st.session_state.get(_ASKED) == key:
        ids = tuple(finding_ids() if callable(finding_ids) else finding_ids)
        _dialog(ReportRequest(ids, pattern_id, case_number, filters))


def asking() -> bool:
    """Whether the dialog is open: keys would reach the page behind it."""
    return bool(st.session_state.get(_ASKED))


def _open(key: str) -> None:
    st.session_state[_ASKED] = key


def _close() -> None:
    st.session_state.pop(_ASKED, None)
    for name in (_TLP, _TITLE):
        st.session_state.pop(name, None)


def _dialog(request: ReportRequest) -> None:
    @st.dialog("Report", width="medium", icon=":material/description:", on_dismiss=_close)
    def ask() -> None:
        with problems.shown():
            _form(request)

    ask()


def _form(subject: ReportRequest) -> None:
    problems.pending()
    st.text(_about(subject))
    if len(subject.finding_ids) > MAX_FINDINGS:
        st.error(
            f"A report holds {MAX_FINDINGS} findings; narrow the filter, or add them to a case "
            "and report on that."
        )
        return
    request = _choices(subject)
    st.caption(plain(f"It holds: {', '.join(_SECTIONS[request.audience])}."))
    job = registry().latest(_KIND, key=repr(request))
    if job is None or not job.is_active:
        st.button(
            "Prepare the file" if job is None else "Prepare it again",
            key="report-form-prepare",
            type="primary" if job is None else "secondary",
            icon=":material/play_arrow:",
            on_click=problems.in_callback(_prepare),
            args=(request,),
        )
    job_panel(job, finished=_download)
    _earlier(request.subject)


def _about(subject: ReportRequest) -> str:
    if subject.case_number is not None:
        count = len(workspace().store.desk.case(subject.case_number).finding_ids)
        return f"Case {subject.subject} with {format_count(count, 'finding')}"
    if subject.pattern_id is not None:
        count = workspace().store.pattern(subject.pattern_id).findings
        return f"Pattern {subject.pattern_id} with {format_count(count, 'finding')}"
    if len(subject.finding_ids) == 1:
        return f"Finding {subject.finding_ids[0]}"
    return format_count(len(subject.finding_ids), "finding")


def _choices(subject: ReportRequest) -> ReportRequest:
    form = st.selectbox(
        "Format", FORMATS, key=_FORMAT, format_func=lambda one: _FORMAT_WORDS[cast(Format, one)]
    )
    left, right = st.columns(2)
    with left:
        audience = st.segmented_control(
            "Audience",
            AUDIENCES[::-1],
            default="technical",
            required=True,
            key=_AUDIENCE,
            format_func=lambda one: _AUDIENCE_WORDS[one],
            help="Executives read what happened and what to do, without the detector's words.",
        )
    with right:
        tlp = st.selectbox(
            "TLP marking",
            TLP,
            # Not through the session: a value that is lost there would fall to the widest one.
            index=TLP.index(_marking(subject)),
            key=_TLP,
            format_func=lambda one: f"TLP:{one.upper()}",
            help="Whom the report may be shown to; it stands on every page.",
        )
    masks = st.pills(
        "Leave out",
        MASKS,
        selection_mode="multi",
        key=_MASKS,
        format_func=lambda one: _MASK_WORDS[one],
        help="Names are replaced by the same stand-in throughout (host-1, user-2), in texts, "
        "tables and figures of every format. Ids of findings are replaced too.",
    )
    defang = st.toggle(
        "Write indicators so that nothing makes a link of them",
        value=True,
        key=_DEFANG,
        help="10.0.0.5 becomes 10[.]0[.]0[.]5 in the table of indicators.",
    )
    title = st.text_input(
        "Title (optional)",
        key=_TITLE,
        max_chars=_LONGEST_TITLE,
        placeholder="Drafted from what it is about",
    )
    return ReportRequest(
        finding_ids=subject.finding_ids,
        pattern_id=subject.pattern_id,
        case_number=subject.case_number,
        filters=subject.filters,
        format=form,
        audience=audience,
        tlp=tlp,
        masks=tuple(one for one in MASKS if one in masks),
        defang=defang,
        title=(title or "").strip(),
        author=session.author() or "",
    )


def _marking(subject: ReportRequest) -> str:
    if subject.case_number is None:
        return "amber"
    return workspace().store.desk.case(subject.case_number).tlp


def _prepare(request: ReportRequest) -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> ReportFile:
        return reporting.make(opened, request, progress=progress, cancelled=cancelled)

    key = repr(request)
    earlier = registry().latest(_KIND, key=key)
    if earlier is not None:
        registry().dismiss(earlier)
    registry().start(_KIND, f"Report on {request.subject} ({request.format})", work, key=key)


def _download(job: Job) -> None:
    file: ReportFile = job.result
    size = format_value(float(len(file.data)), "bytes")
    st.download_button(
        f"Download {file.name} ({size})",
        data=file.data,
        file_name=file.name,
        mime=file.media_type,
        key=f"report-form-file-{job.number}",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption(plain(f"SHA-256 {file.sha256}"))


def _earlier(subject: str) -> None:
    lines = reporting.made(workspace(), subject)
    if not lines:
        return
    with st.expander(f"{format_count(len(lines), 'report')} made of this before"):
        st.dataframe(
            [
                {
                    "Made": format_time_utc(line.time),
                    "By": line.action.author,
                    "Format": line.action.facts.get("format", ""),
                    "Audience": line.action.facts.get("audience", ""),
                    "TLP": line.action.facts.get("tlp", ""),
                    "Masked": line.action.facts.get("masks", ""),
                    "SHA-256": line.action.facts.get("sha256", ""),
                }
                for line in lines
                if isinstance(line.action, NewRecord)
            ],
            hide_index=True,
            alt="Reports that were made of this before, newest first",
            key="report-form-earlier",
        )
