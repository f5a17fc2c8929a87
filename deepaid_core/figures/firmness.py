"""How firm an interpretation is, in sentences and as a table."""

from typing import Final

from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.tables import Table

__all__ = ["can_change_a_little", "firmness_sentences", "firmness_table"]

_DISCRETE: Final = {
    Modality.SEQUENCE: "a log key is the same or another one, it cannot change a little",
    Modality.LINK: "a name is the same or another one, it cannot change a little",
}

_Row = tuple[str, str, str]


def can_change_a_little(interpretation: Interpretation) -> bool:
    """Whether events of this kind hold numbers, so that noise and attacks make sense."""
    return interpretation.modality not in _DISCRETE


def firmness_sentences(
    interpretation: Interpretation, quality: Quality | None = None
) -> tuple[str, ...]:
    """What an analyst should know before relying on the named deviations.

    Args:
        interpretation: Of any kind.
        quality: Newer measures of it than those it was stored with.
    """
    quality = quality or interpretation.quality
    if quality is None:
        return ("How firm this interpretation is was not measured when it was stored.",)
    told = [_repeated(quality.stability)]
    if quality.noise is not None:
        told.append(_noise(quality.noise))
    elif reason := _DISCRETE.get(interpretation.modality):
        told.append(f"Small random changes do not apply: {reason}.")
    if quality.attack is not None:
        told.append(_attack(quality.attack))
    if quality.coherent is False:
        told.append(
            "A category of the closest normal event has no value or several; such an event cannot "
            "be."
        )
    return tuple(told)


def firmness_table(interpretation: Interpretation, quality: Quality | None = None) -> Table:
    """The same in numbers, each with what it means; takes what `firmness_sentences` takes."""
    quality = quality or interpretation.quality
    rows: tuple[_Row, ...] = ()
    if quality is not None:
        shown = len(interpretation.deviations)
        flips = f"{quality.flips_at} of {shown}" if quality.flips_at else f"more than {shown}"
        reason = _DISCRETE.get(interpretation.modality, "")
        rows = (
            (
                "Deviations until accepted",
                flips,
                "the first ones, in the order shown; fewer are better",
            ),
            ("Asked again", _share(quality.stability), "agreement with a second run of the search"),
            *_changes(quality, reason),
        )
        if quality.coherent is not None:
            whole = "yes" if quality.coherent else "no"
            rows += (("Categories whole", whole, "the closest normal event has one value of each"),)
    return Table("How firm this interpretation is", ("Measure", "Value", "Meaning"), rows)


def _repeated(stability: float) -> str:
    if stability == 1.0:
        return "Asked again, among other events, the search names the same deviations."
    return (
        "Asked again, among other events, the search names other deviations too: "
        f"{_share(stability)} agree."
    )


def _noise(kept: Kept) -> str:
    change = f"Small random changes of the event ({_share(kept.size)} of each column's range)"
    if kept.shown is None:
        return f"{change} make it normal to the detector: it is barely an anomaly."
    lost = kept.tries - kept.flagged
    barely = f" In {lost} of {_tries(kept)} it was no longer an anomaly." if lost else ""
    if kept.shown == 1.0:
        return f"{change} leave what is named as it is.{barely}"
    return f"{change} keep {_share(kept.shown)} of what is named.{barely}"


def _attack(kept: Kept) -> str:
    who = f"An attacker who moves every value by up to {_share(kept.size)} of its range"
    if kept.shown is None or kept.shown == 1.0:
        return f"{who} did not change what is named in {_tries(kept)}."
    if kept.shown == 0.0:
        return f"{who} can make it name something else altogether."
    return f"{who} can change what is named; {_share(kept.shown)} of it stays at worst."


def _changes(quality: Quality, reason: str) -> tuple[_Row, ...]:
    if reason:
        return (("Small changes", "n/a", reason),)
    return (
        *_kept("Random changes", quality.noise, ""),
        *_kept("Attack", quality.attack, "takes seconds, so only on request"),
    )


def _kept(name: str, kept: Kept | None, reason: str) -> tuple[_Row, ...]:
    if kept is None:
        return ((name, "not measured", reason),)
    what = f"what stays; {_share(kept.size)} of the range, {_tries(kept)}"
    if kept.flagged < kept.tries:
        what += f", {kept.flagged} still an anomaly"
    return (
        (f"{name}: deviations", _share(kept.shown), what),
        (f"{name}: ranking", _share(kept.ranking), "what stays of its first ten columns"),
    )


def _share(share: float | None) -> str:
    return "n/a" if share is None else format_share(share)


def _tries(kept: Kept) -> str:
    return format_count(kept.tries, "try", "tries")
