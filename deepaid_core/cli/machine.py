"""`deepaid machine` and `deepaid settings`: what the Distiller learned, and its versions."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from deepaid_core.cli.author import Author, author_of
from deepaid_core.cli.machine_texts import show_rows, tell_diff, tell_import, tell_roll_back
from deepaid_core.cli.terminal import Column, json_text, new_file, opened, say, show_table
from deepaid_core.errors import ExchangeError, InvalidParameterError, StoreError
from deepaid_core.figures.numbers import format_count

__all__ = ["COMMANDS", "machine", "settings"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]


def machine(
    ctx: typer.Context,
    verify: Annotated[
        bool, typer.Option("--verify", help="Replay the whole log from nothing and compare.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the Distiller has learned, or work with its versions."""
    if ctx.invoked_subcommand is not None:
        return
    from deepaid_core.workflow import distill, versions

    with opened(ctx) as workspace:
        replay = versions.replayed(workspace) if verify else None
        distiller = distill.distiller(workspace)
    known, suppressions = distiller.machine, versions.suppressions_of(distiller)
    if replay is not None and not replay.same:
        raise StoreError(
            f"The {replay.entries:,} entries of the log do not give what is in use, which is "
            f"{known.version}; restore the database from a copy."
        )
    told: dict[str, Any] = {
        "version": known.version,
        "lessons": known.verdicts,
        "detectors": known.detector_names,
        "outcomes": [
            {
                "detector": detector_name,
                "label": outcome.label.value,
                "category": outcome.category,
                "lessons": chain.verdicts,
                "states": len(chain.visits),
                "transitions": len(chain.steps),
                "patterns": len(chain.patterns),
            }
            for (detector_name, outcome), chain in sorted(known.chains.items())
        ],
        "settings": distiller.settings.texts(),
        "suppressions": suppressions,
        "digest": known.digest(),
        "verified": None if replay is None else replay.same,
    }
    if as_json:
        typer.echo(json_text(told))
        return
    say(
        f"Machine {known.version}: {format_count(known.verdicts, 'lesson')} about "
        f"{format_count(len(known.detector_names), 'detector')}; "
        f"{format_count(len(suppressions), 'suppression')} in force."
    )
    if told["outcomes"]:
        show_table(
            (
                Column("Detector", cut=True),
                Column("Category", cut=True),
                Column("Lessons", right=True),
                Column("Patterns", right=True),
                Column("Transitions", right=True),
            ),
            [
                (
                    one["detector"],
                    f"{one['label']} / {one['category']}",
                    f"{one['lessons']:,}",
                    f"{one['patterns']:,}",
                    f"{one['transitions']:,}",
                )
                for one in told["outcomes"]
            ],
        )
    say(f"Digest {told['digest']}")
    if replay is not None:
        entries = format_count(replay.entries, "entry", "entries")
        say(f"Replaying the {entries} of the log gives the same.")


def export(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="File to write; else standard output.", show_default=False),
    ] = None,
    form: Annotated[
        Literal["json", "graphml"] | None,
        typer.Option("--format", help="How.", show_default="by the file's name, else json"),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="A version, M-...", show_default="the newest")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write what a version was taught, to be imported elsewhere or drawn by other programs."""
    from deepaid_core.workflow import exchange

    by_name = "graphml" if file is not None and file.suffix.lower() == ".graphml" else "json"
    with opened(ctx) as workspace:
        text = exchange.export(
            workspace,
            "graphml" if (form or by_name) == "graphml" else "json",
            None if at is None else _version(at),
            author=workspace.author or "",
        )
    if file is None:
        typer.echo(text)
        return
    with new_file(file, overwrite=overwrite) as out:
        out.write(text.encode())
    say(f"Written to {file}")


def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON or GraphML that `export` wrote.")],
    dry_run: DryRun = False,
    reason: Reason = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Teach the machine what was learned elsewhere; one entry of the log, which can be undone."""
    from deepaid_core.workflow import exchange

    content = _content(file)
    with opened(ctx) as workspace:
        preview = exchange.import_preview(workspace, content, file.name)
        number = None
        if not dry_run:
            who = author_of(workspace, author)
            number = exchange.import_lessons(
                workspace, content, name=file.name, author=who, reason=reason
            )
    if as_json:
        typer.echo(json_text({"number": number, "preview": preview}))
        return
    tell_import(preview, done=number is not None)
    if number is not None:
        say(f"Imported as entry {number}. To take it back: deepaid undo {number}")


def history(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 20,
    before: Annotated[
        str | None, typer.Option(help="Only versions before this one.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the entries of the log, each a version of the machine, newest first."""
    from deepaid_core.workflow import versions

    with opened(ctx) as workspace:
        rows = versions.history(
            workspace, limit=limit, before=None if before is None else _version(before)
        )
    if as_json:
        typer.echo(json_text({"versions": rows}))
        return
    if not rows:
        say("The log has no such entry.")
        return
    show_rows(rows)
    if rows[-1].number > 1:
        say(f"For earlier ones: deepaid machine history --before {rows[-1].number}")


def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(help="A version, M-... or its number.")],
    after: Annotated[
        str | None, typer.Argument(help="Another one.", show_default="the newest")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: counts, settings, suppressions, and what open findings read as."""
    from deepaid_core.workflow import distill, versions

    with opened(ctx) as workspace:
        newest = distill.machine(workspace).number
        found = versions.compare(
            workspace, _version(before), newest if after is None else _version(after)
        )
        if as_json:
            typer.echo(json_text(found))
            return
        tell_diff(found, distill.describe)


def roll_back(
    ctx: typer.Context,
    to: Annotated[str, typer.Argument(help="A version, M-... or its number.")],
    dry_run: DryRun = False,
    reason: Reason = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Go back to how everything stood at a version; the log keeps what came after."""
    from deepaid_core.workflow import versions

    number = _version(to)
    with opened(ctx) as workspace:
        preview = versions.roll_back_preview(workspace, number)
        done = None
        if not dry_run:
            done = versions.roll_back(
                workspace,
                to=number,
                author=author_of(workspace, author),
                reason=reason,
                expected=preview.version,
            )
    if as_json:
        typer.echo(json_text({"done": done, "preview": preview}))
        return
    tell_roll_back(preview, done=done is not None)
    if done is not None:
        say(
            f"Rolled back to M-{number} with entries {done.numbers[0]} to {done.numbers[-1]}. "
            f"To return: deepaid machine roll-back M-{preview.version}"
        )


def settings(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A setting to change.", show_default=False)
    ] = None,
    value: Annotated[str | None, typer.Argument(help="Its value.", show_default=False)] = None,
    reason: Reason = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Show the Distiller's settings, or change one of them."""
    from deepaid_core.workflow import distill, versions

    if (name is None) != (value is None):
        raise typer.BadParameter("Give a name and a value, or neither.")
    with opened(ctx) as workspace:
        number = None
        if name is not None and value is not None:
            number = versions.change_setting(
                workspace,
                name=name,
                value=value,
                author=author_of(workspace, author),
                reason=reason,
            )
        texts = distill.distiller(workspace).settings.texts()
    if as_json:
        typer.echo(json_text({"settings": texts, "number": number}))
        return
    show_table((Column("Setting", whole=True), Column("Value")), list(texts.items()))
    if number is not None:
        say(f"Changed with entry {number}. To take it back: deepaid undo {number}")


COMMANDS: dict[str, Callable[..., None]] = {
    "export": export,
    "import": import_file,
    "history": history,
    "diff": diff,
    "roll-back": roll_back,
}
"""Commands below `deepaid machine`."""


def _version(text: str) -> int:
    digits = text.strip().upper().removeprefix("M-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        raise InvalidParameterError(f"'{text}' is no version; give one like M-12 or 12.")
    return int(digits)


def _content(file: Path) -> bytes:
    from deepaid_core.workflow.exchange import LARGEST_FILE

    try:
        with file.open("rb") as opened_file:
            # A byte more than is allowed is enough to refuse it.
            return opened_file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ExchangeError(
            f"The file {file} cannot be read ({error.strerror}); choose another one."
        ) from error
