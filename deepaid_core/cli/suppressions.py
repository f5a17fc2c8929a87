"""`deepaid suppress` and `suppressions`."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from deepaid_core.cli.author import Author, author_of
from deepaid_core.cli.mapping import period_of
from deepaid_core.cli.terminal import Column, json_text, opened, say, show_table
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_count, format_ratio, format_time_utc

if TYPE_CHECKING:
    from deepaid_core.workflow.suppress import Check, SuppressionPreview, SuppressionView

__all__ = ["suppress", "suppressions"]

_LONGEST_LIST = 8
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def suppress(
    ctx: typer.Context,
    pattern: Annotated[
        str | None, typer.Argument(metavar="[PATTERN]", help="P-...", show_default=False)
    ] = None,
    burst: Annotated[
        list[str] | None,
        typer.Option(
            metavar="F-...",
            help="Instead of a pattern: judged false positives, whose hosts and time are the "
            "scope; may be repeated.",
            show_default=False,
        ),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option(help="Only this entity, exactly; may be repeated.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only from here on, e.g. 2026-03-01T08:00 UTC.", show_default=False),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only up to here.", show_default=False)] = None,
    basis: Annotated[
        Literal["false positive", "benign positive"] | None,
        typer.Option(help="What it rests on.", show_default="what most verdicts say"),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="What it is.", show_default="that of the verdicts")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why.", show_default="that of the last verdict")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Who answers for it.", show_default="the author")
    ] = None,
    ticket: Annotated[str, typer.Option(help="Number or address of the matter elsewhere.")] = "",
    days: Annotated[float, typer.Option(help="Days until it expires.")] = 30,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show the checks and the reach only; ends with 1 if refused."
        ),
    ] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Take findings of a pattern, or of a burst, out of the open queue, once all guards agree."""
    from deepaid_core.workflow import suppress as workflow

    if (pattern is None) == (not burst):
        raise typer.BadParameter("Give either a pattern or --burst.")
    with opened(ctx) as workspace:
        who = author_of(workspace, author)
        if burst:
            decision = workflow.burst_proposal(workspace, burst, author=who)
        else:
            decision = workflow.proposal(workspace, str(pattern), author=who)
        scope = _scope(decision.scope, entity, since, until)
        given = {"category": category, "reason": reason, "owner": owner}
        decision = replace(
            decision,
            scope=scope,
            basis=VerdictLabel(basis) if basis else decision.basis,
            ticket=ticket,
            expires_time=time.time() + days * workflow.DAY_S,
            **{name: text for name, text in given.items() if text is not None},
        )
        if dry_run:
            found = workflow.preview(workspace, decision)
            if as_json:
                typer.echo(json_text({"suppression": decision, "preview": found}))
            else:
                _tell_preview(decision, found)
            if not found.allowed:
                raise typer.Exit(1)
            return
        outcome = workflow.suppress(workspace, decision)
    if as_json:
        typer.echo(json_text(outcome))
        return
    say(
        f"Suppression S-{outcome.number}: {format_count(outcome.suppressed, 'finding')} left the "
        f"open queue, {outcome.resurfaced:,} more stay in it as a check."
    )
    say(
        f"It expires at {format_time_utc(decision.expires_time)}. To take it back: "
        f"deepaid undo S-{outcome.number}"
    )


def suppressions(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were taken back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List suppressions with their state, hits and expiry, newest first."""
    from deepaid_core.workflow.suppress import listing

    with opened(ctx) as workspace:
        listed = listing(workspace)
    views = [view for view in listed if everything or view.state != "undone"]
    if as_json:
        typer.echo(json_text({"total": len(views), "suppressions": [_plain(one) for one in views]}))
        return
    if not views:
        say("There is no suppression; `deepaid suppress` writes one.")
        return
    columns = (
        Column("Suppression", whole=True),
        Column("State", whole=True),
        Column("Hidden", right=True),
        Column("Checks", right=True),
        Column("Last hit (UTC)", whole=True),
        Column("Expires (UTC)", whole=True),
        Column("Owner"),
        Column("Scope"),
        Column("Reason", cut=True),
    )
    show_table(columns, [_line(view) for view in views])
    say(
        f"{format_count(len(views), 'suppression')}. Hidden: findings out of the open queue. "
        "Checks: findings under it that stay in the queue."
    )


def _scope(
    scope: SuppressionScope, entity: list[str] | None, since: str | None, until: str | None
) -> SuppressionScope:
    period = period_of(since, until)
    return replace(
        scope,
        entities=tuple(entity) if entity else scope.entities,
        since=scope.since if period.since is None else period.since,
        until=scope.until if period.until is None else period.until,
    )


def _tell_preview(decision: NewSuppression, found: "SuppressionPreview") -> None:
    category = decision.category or "no category yet"
    say(f"{decision.basis} / {category}: {_scope_text(decision.scope)}")
    for check in found.checks:
        say(f"  {_mark(check)} {check.sentence}{_cited(check)}")
    reach = found.reach
    say(
        f"In the scope: {format_count(reach.findings, 'finding')} on "
        f"{format_count(reach.entities, 'entity', 'entities')}, {reach.open_findings:,} open, "
        f"{reach.suppressed:,} suppressed, {reach.closed:,} judged."
    )
    for name, open_findings, findings in reach.top_entities[:_LONGEST_LIST]:
        say(f"  {name}: {open_findings:,} of {findings:,} open")
    for hour, open_findings, findings in reach.hours[-_LONGEST_LIST:]:
        say(f"  hour of {format_time_utc(hour)}: {open_findings:,} of {findings:,} open")
    if found.examples:
        say("Examples, drawn at random:")
    for row in found.examples:
        say(f"  {row.id}  {row.entity}  severity {format_ratio(row.ratio)}  {row.summary}")
    if found.allowed:
        say(
            f"It would take {format_count(found.covered - found.resurfaced, 'finding')} out of the "
            f"open queue and leave {found.resurfaced:,} more in it as a check."
        )
    else:
        say("It would be refused.")


def _mark(check: "Check") -> str:
    if check.passed:
        return "[ok]     "
    return "[refused]" if check.blocking else "[warning]"


def _cited(check: "Check") -> str:
    if check.passed or not check.finding_ids:
        return ""
    return f" See {', '.join(check.finding_ids[:_LONGEST_LIST])}."


def _line(view: "SuppressionView") -> tuple[str, ...]:
    one = view.suppression
    state: str = view.state
    if one.undone_by is not None:
        state = f"undone by {one.undone_by}"
    elif one.disabled_by is not None:
        state = f"disabled by {one.disabled_by}"
    return (
        one.id,
        state,
        f"{one.suppressed:,}",
        f"{one.resurfaced:,}",
        _minute(one.last_hit) if one.last_hit is not None else "never",
        _minute(one.decision.expires_time),
        one.decision.owner,
        _scope_text(one.decision.scope),
        " / ".join(filter(None, (one.decision.category, one.decision.reason, one.decision.ticket))),
    )


def _minute(moment: float) -> str:
    return format_time_utc(moment).removesuffix(" UTC")[:16]


def _scope_text(scope: SuppressionScope) -> str:
    parts = [scope.pattern_id or "any pattern", f"of '{scope.detector_name}'"]
    if scope.entities:
        more = len(scope.entities) - _LONGEST_LIST
        names = ", ".join(scope.entities[:_LONGEST_LIST])
        parts.append(f"on {names}" + (f" and {more:,} more" if more > 0 else ""))
    if scope.since is not None:
        parts.append(f"from {format_time_utc(scope.since)}")
    if scope.until is not None:
        parts.append(f"to {format_time_utc(scope.until)}")
    return " ".join(parts)


def _plain(view: "SuppressionView") -> dict[str, Any]:
    return {"id": view.suppression.id, "state": view.state, "suppression": view.suppression}
