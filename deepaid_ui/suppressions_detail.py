"""One suppression: what it takes out, why it may, what it holds, and the way back."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.suppression import Suppression
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.workflow import distill, suppress
from deepaid_core.workflow.scopes import scope_query
from deepaid_core.workflow.suppress import Check, SuppressionView
from deepaid_ui import filters, navigation, panels, problems, suppressions_renew, tables
from deepaid_ui.guard_list import show_checks
from deepaid_ui.panels import LABEL_NAMES
from deepaid_ui.suppressions_words import STATES, hits_words, last_hit, scope_lines
from deepaid_ui.text import as_written, plain
from deepaid_ui.workspace import workspace

__all__ = ["detail", "found"]

_EXAMPLES: Final = 10
# Of what was written these hold for good, are said elsewhere, or would speak of itself.
_WHEN_WRITTEN: Final = {
    "author",
    "category",
    "expiry",
    "limited reach",
    "no other suppression",
    "owner",
    "reason",
    "scope",
    "ticket",
}


def found(number: str) -> SuppressionView | None:
    """The suppression of this number, or of an id like "S-12"; None where there is none."""
    digits = number.removeprefix("S-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 12):
        return None
    wanted = int(digits)
    return next(
        (one for one in suppress.listing(workspace()) if one.suppression.number == wanted), None
    )


def detail(view: SuppressionView) -> None:
    """One suppression whole."""
    one = view.suppression
    _header(view)
    left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        _scope(one)
        st.markdown("**Why**")
        st.text(as_written(one.decision.reason))
        _facts(view)
    with right:
        _does(view)
        suppressions_renew.offer(view)
    _guards(view)
    _findings(one)


def _header(view: SuppressionView) -> None:
    one, look = view.suppression, STATES[view.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(one.id, anchor=False, width="content")
        st.badge(f"{look.symbol} {view.state}", color=look.color, help=look.meaning)
        st.space("stretch")
        if st.button("All suppressions", icon=":material/arrow_back:"):
            navigation.go("suppressions")
        if st.button(
            "What it holds, in the queue", icon=":material/list:", disabled=not one.suppressed
        ):
            navigation.go("queue", {"suppression": str(one.number), "status": "suppressed"})
        if one.undone_by is None:
            st.button(
                "Undo it",
                key=f"undo-{one.number}",
                icon=":material/undo:",
                help="Puts everything that it holds back into the queue.",
                on_click=problems.in_callback(panels.undo),
                args=((one.number,),),
            )


def _scope(one: Suppression) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown("**It takes findings out of the queue that were**")
        st.text("\n".join(f"• {line}" for line in scope_lines(one.decision.scope)))
        kept = ["confirmed attacks and what shares a pattern with one", "findings with a verdict"]
        kept.append("findings whose closest normal event is not verified")
        if not workspace().store.settings().suppress_critical:
            kept.append("findings of critical severity")
        st.caption(f"Never taken out: {', '.join(kept)}.")


def _facts(view: SuppressionView) -> None:
    one, decision = view.suppression, view.suppression.decision
    panels.facts(
        (
            ("What they are", decision.category),
            ("Rests on", f"{LABEL_NAMES.get(decision.basis, decision.basis).lower()} verdicts"),
            ("Owner", decision.owner),
            ("Ticket", decision.ticket or "none"),
            ("Written by", decision.author),
            ("Written", format_time_utc(one.time)),
            ("Expires", format_time_utc(decision.expires_time)),
            (
                "Last hit",
                last_hit(view) if one.last_hit is None else format_time_utc(one.last_hit),
            ),
        ),
        columns=3,
    )


def _does(view: SuppressionView) -> None:
    one = view.suppression
    with st.container(border=True, gap="small"):
        st.markdown(f"**{hits_words(one)}**")
        st.caption(STATES[view.state].meaning)
        if one.disabled_by is not None:
            _disabled(one.disabled_by)
        if one.undone_by is not None:
            navigation.link(
                "versions",
                f"What taking it back changed (entry {one.undone_by})",
                {"entry": str(one.undone_by)},
                icon=":material/history:",
            )
        elif not one.hits and one.disabled_by is None:
            _never_hit(one)
        navigation.link(
            "versions",
            f"What it changed (entry {one.number})",
            {"entry": str(one.number)},
            icon=":material/history:",
        )
        if one.decision.scope.pattern_id is not None:
            navigation.link(
                "patterns",
                f"Its pattern {one.decision.scope.pattern_id}",
                {"pattern": one.decision.scope.pattern_id},
                icon=":material/schema:",
            )


def _disabled(finding_id: str) -> None:
    row = workspace().store.row(finding_id)
    label = LABEL_NAMES.get(row.verdict or "", "judged").lower()
    category = f", {row.category}" if row.category else ""
    st.error(
        plain(
            f"Finding {row.id} in its scope is a {label}{category}. While that verdict stands, "
            "this suppression hides nothing; undoing it enables the suppression again."
        ),
        icon=":material/shield:",
    )
    navigation.link(
        "finding", f"Look at the attack {row.id}", {"id": row.id}, icon=":material/search:"
    )
    if row.verdict_number is not None:
        navigation.link(
            "versions",
            f"The verdict (entry {row.verdict_number})",
            {"entry": str(row.verdict_number)},
            icon=":material/history:",
        )


def _never_hit(one: Suppression) -> None:
    reach = workspace().store.reach(scope_query(one.decision.scope))
    if not reach.findings:
        why = "No finding is in its scope: check the hosts and times, or take it back."
    else:
        parts = [
            (reach.closed, "have a verdict"),
            (reach.unverified, "are not verified"),
            (reach.critical, "are of critical severity"),
            (reach.suppressed, "are held by an earlier suppression"),
        ]
        said = ", ".join(f"{count:,} {words}" for count, words in parts if count)
        why = f"{format_count(reach.findings, 'finding')} in its scope" + (
            f": {said}." if said else ", none of which it may take out."
        )
    st.warning(f"It hits nothing today. {why}", icon=":material/visibility_off:")


def _guards(view: SuppressionView) -> None:
    if view.state == "undone":
        return
    st.markdown("**Its guards, as they stand now**")
    try:
        checks = _checks(view.suppression)
    except NotFoundError as error:
        problems.show(error)
        return
    show_checks(checks)


def _checks(one: Suppression) -> tuple[Check, ...]:
    # What holds for good is asked at a moment when it was not over yet.
    asked_at = min(one.time, one.decision.expires_time - 1.0)
    found = suppress.preview(workspace(), one.decision, now=asked_at)
    return tuple(check for check in found.checks if check.name not in _WHEN_WRITTEN)


def _findings(one: Suppression) -> None:
    store = workspace().store
    checks = store.page(FindingQuery(suppression=one.number, resurfaced=True), limit=_EXAMPLES)
    if checks:
        st.markdown("**Left in the queue for a check**")
        st.caption(
            f"{format_count(one.resurfaced, 'finding')} of those that fall under it, drawn by "
            "chance. Judge them: if one is an attack, the suppression is disabled at once."
        )
        _table(checks, key=f"resurfaced-{one.number}", alt="Findings left in the queue for a check")
    held = store.page(
        FindingQuery(suppression=one.number, status=Status.SUPPRESSED), limit=_EXAMPLES
    )
    if held:
        st.markdown("**What it holds**")
        st.caption(
            f"{format_count(one.suppressed, 'finding')}, highest score first"
            + (f"; the first {_EXAMPLES} here, all in the queue." if one.suppressed > _EXAMPLES
               else ".")
        )  # fmt: skip
        _table(held, key=f"held-{one.number}", alt="Findings that it keeps out of the queue")


def _table(rows: Sequence[FindingRow], *, key: str, alt: str) -> None:
    frame = tables.findings_frame(rows, distill.suggestions(workspace(), rows))
    selection = tables.show(
        frame.drop(columns=["Verdict", "Pattern", "Suppression"], errors="ignore"),
        key=f"{key}-{filters.version()}",
        alt=alt,
    )
    cell = tables.clicked_row(selection)
    if cell and cell[0] < len(rows):
        navigation.go("finding", {"id": rows[cell[0]].id})
