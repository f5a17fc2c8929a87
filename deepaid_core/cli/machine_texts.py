"""What `deepaid machine` tells about versions, in lines and tables."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from deepaid_core.cli.terminal import Column, say, show_table
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten

if TYPE_CHECKING:
    from deepaid_core.workflow.exchange import ImportPreview
    from deepaid_core.workflow.versions import (
        ReadDifferently,
        RollBackPreview,
        TransitionChange,
        VersionDiff,
        VersionRow,
    )

__all__ = ["show_rows", "tell_diff", "tell_import", "tell_roll_back"]

_MOST_SHOWN: Final = 20
_MOST_NAMED: Final = 5
_NARROW: Final = 30  # characters of a column of several
_WIDE: Final = 40


def show_rows(rows: Sequence["VersionRow"], *, standing: bool = True) -> None:
    """Entries of the log as a table.

    Args:
        rows: Entries.
        standing: Also say whether they are in force.
    """
    columns = [
        Column("Version", whole=True),
        Column("Time (UTC)", whole=True),
        Column("Author"),
        Column("What", cut=True),
        Column("In force", whole=True),
    ]
    cells = [
        (
            f"M-{row.number}",
            format_time_utc(row.time),
            shorten(row.author, _NARROW),
            row.title,
            "yes" if row.in_force else f"no, see {row.undone_by}",
        )
        for row in rows
    ]
    shown = len(columns) if standing else len(columns) - 1
    show_table(columns[:shown], [line[:shown] for line in cells])


def tell_diff(diff: "VersionDiff", describe: Callable[[str], str]) -> None:
    """What differs between two versions."""
    say(
        f"From M-{diff.before} to M-{diff.after}: "
        f"{format_count(len(diff.transitions), 'transition')} changed, "
        f"{format_count(diff.differing, 'open finding')} {_read(diff.differing)} differently."
    )
    for name, before, after in diff.settings:
        say(f"Setting {name}: {before} -> {after}")
    for word, numbers in (
        ("Put into force", diff.suppressions_added),
        ("No longer in force", diff.suppressions_removed),
    ):
        if numbers:
            say(f"{word}: {_named([f'S-{number}' for number in numbers])}")
    if diff.transitions:
        _show_transitions(diff.transitions, describe)
    if diff.findings:
        _show_readings(diff.findings)


def tell_import(preview: "ImportPreview", *, done: bool) -> None:
    """What an import brought, or would bring."""
    say(
        f"{preview.name}: {format_count(preview.lessons, 'lesson')} on "
        f"{format_count(preview.paths, 'path')}; {format_count(preview.attacks, 'lesson')} of "
        f"attacks, {format_count(preview.taught_here, 'path')} taught here already."
    )
    if preview.imported_as is not None and not done:
        say(f"It was imported as entry {preview.imported_as} already and would be refused.")
    if preview.detectors_unknown:
        say(f"Not known here: {_named(preview.detectors_unknown)}; their lessons wait for them.")
    if preview.protects:
        say(
            f"{'Protects' if done else 'Would protect'} "
            f"{format_count(len(preview.protects), 'pattern')} from suppressions: "
            f"{_named(preview.protects)}"
        )
    _tell_change(preview.differing, preview.reopened, 0, done=done)
    for conflict in preview.conflicts[:_MOST_NAMED]:
        here = _named([f"{outcome} ({count:,})" for outcome, count in conflict.here])
        there = _named([f"{outcome} ({count:,})" for outcome, count in conflict.there])
        say(f"Contradiction on {conflict.pattern_id}: here {here}; in the file {there}")
    if preview.conflicting > _MOST_NAMED:
        say(f"... and {preview.conflicting - _MOST_NAMED:,} more contradictions.")


def tell_roll_back(preview: "RollBackPreview", *, done: bool) -> None:
    """What a roll-back did, or would do."""
    back, again = len(preview.undone), len(preview.restored)
    say(
        f"{'Took' if done else 'Would take'} {format_count(back, 'decision')} back and "
        f"{'put' if done else 'would put'} {format_count(again, 'decision')} into force again:"
    )
    rows = (*preview.undone, *preview.restored)
    show_rows(rows[:_MOST_SHOWN], standing=False)
    if len(rows) > _MOST_SHOWN:
        say(f"... and {len(rows) - _MOST_SHOWN:,} more.")
    _tell_change(preview.differing, preview.reopened, preview.newly_suppressed, done=done)
    if preview.protected_lost:
        say(
            "No attack protects any more: "
            f"{_named(preview.protected_lost)} - suppressions may cover findings of "
            f"{'it' if len(preview.protected_lost) == 1 else 'them'}."
        )
    if preview.attacks_silenced:
        say(
            f"{format_count(len(preview.attacks_silenced), 'finding')} that "
            f"{'was' if len(preview.attacks_silenced) == 1 else 'were'} confirmed as an attack "
            f"{'left' if done else 'would leave'} the queue: {_named(preview.attacks_silenced)}"
        )


def _tell_change(differing: int, reopened: int, suppressed: int, *, done: bool) -> None:
    would = "" if done else "would "
    say(
        f"{format_count(differing, 'open finding')} {would}read differently, "
        f"{reopened:,} suppressed {would}come back, {suppressed:,} {would}become suppressed."
    )


def _show_transitions(
    changes: Sequence["TransitionChange"], describe: Callable[[str], str]
) -> None:
    columns = (
        Column("Detector"),
        Column("Category"),
        Column("From"),
        Column("To"),
        Column("Before", right=True),
        Column("After", right=True),
    )
    cells = [
        (
            shorten(one.detector_name, _NARROW),
            shorten(f"{one.label.value} / {one.category}", _NARROW),
            "start" if one.source is None else shorten(describe(one.source), _WIDE),
            "the category" if one.target is None else shorten(describe(one.target), _WIDE),
            f"{one.before:,}",
            f"{one.after:,}",
        )
        for one in changes[:_MOST_SHOWN]
    ]
    show_table(columns, cells)
    if len(changes) > _MOST_SHOWN:
        say(f"... and {len(changes) - _MOST_SHOWN:,} more transitions; --json lists them.")


def _show_readings(findings: Sequence["ReadDifferently"]) -> None:
    columns = (
        Column("Pattern", whole=True),
        Column("Open", right=True),
        Column("Before"),
        Column("After"),
    )
    cells = [
        (
            one.pattern_id,
            f"{one.open_findings:,}",
            *(
                "unknown" if said.label is None else f"{said.label.value} / {said.category}"
                for said in (one.before, one.after)
            ),
        )
        for one in findings[:_MOST_SHOWN]
    ]
    show_table(columns, cells)
    if len(findings) > _MOST_SHOWN:
        say(f"... and {len(findings) - _MOST_SHOWN:,} more paths; --json lists them.")


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _read(count: int) -> str:
    return "reads" if count == 1 else "read"
