"""Why one anomaly is one: its reference, the deviations between the two, and the proof."""

from dataclasses import dataclass, field
from typing import Final, Literal

from deepaid_core.domain.details import LinkDetails, SequenceDetails, SeriesDetails
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.quality import Quality

__all__ = ["ADDED_LATER", "Cell", "Deviation", "Diagnostics", "Direction", "Interpretation"]

Direction = Literal["up", "down", "mixed", "changed"]

ADDED_LATER: Final = {"added_later": True}
"""Marks a field that stored values may lack; its default then stands in."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a deviation, in the column's own unit.

    Attributes:
        name: Column name.
        title: The column in an analyst's words.
        unit: Unit of the values; may be empty.
        observed: Value of the anomaly.
        reference: Value of the reference.
        normal_low: 1 % quantile of the training events.
        normal_high: 99 % quantile of the training events.
        percentile: Share of training events at or below the observed value, 0 to 100.
    """

    name: str
    title: str
    unit: str
    observed: float | str
    reference: float | str
    normal_low: float | None = None
    normal_high: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """One field in which anomaly and reference differ.

    Attributes:
        field: Field name.
        title: The field in an analyst's words.
        direction: "up" when the anomaly lies above its reference in the cell that moved most.
        size: Largest distance of a cell from its reference, in units of that cell's training
            spread; at least 0.
        weight: Share of this deviation in getting the score under the threshold, 0 to 1;
            the weights of an interpretation sum to 1.
        cells: The columns of the field, the one that moved most first.
    """

    field: str
    title: str
    direction: Direction
    size: float
    weight: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The proof of an interpretation, and what it cost.

    Attributes:
        score: Score of the anomaly.
        threshold: The detector's threshold at that time.
        reference_score: Score of exactly the reference that is stored.
        verified: `reference_score` is at or under `threshold`.
        max_deviations: The most deviations the search was allowed.
        deviations_needed: Fewest deviations that the search found to work, also when more than
            allowed; 0 when none was found.
        plausibility: Percentile, 0 to 100, of the reference's distance to the nearest training
            event among such distances between training events; lower is closer to normal.
        flip_scores: Score after the first 1, 2, ... shown deviations take the reference's values.
        seed: Seed of the search.
        stopped_early: Time ran out: this is the best that was found until then.
    """

    score: float
    threshold: float
    reference_score: float
    verified: bool
    max_deviations: int
    deviations_needed: int
    plausibility: float | None
    flip_scores: tuple[float, ...]
    seed: int
    stopped_early: bool = field(default=False, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The ordered deviations of one anomaly, strongest first, with reference and proof.

    A deviation is a field (TABULAR), a changed key of the window (SEQUENCE: the cells hold the
    templates), a feature with its steps as cells (SERIES), or an endpoint (LINK: the cell holds
    the node's names).

    Attributes:
        interpreter: Registry name of the interpreter.
        deviations: Strongest first; empty when no change was found.
        observed: What was scored, original units. TABULAR: values in the order of the schema;
            SERIES: values step by step, each in the order of the schema; SEQUENCE: the h + 1
            keys; LINK: nothing, the names are in `details`.
        reference: The reference, likewise.
        diagnostics: The proof.
        modality: Kind of data.
        details: What only this kind of data has to show; None for TABULAR.
        quality: How good it is; None where that was not measured.
    """

    interpreter: str
    deviations: tuple[Deviation, ...]
    observed: tuple[float, ...]
    reference: tuple[float, ...]
    diagnostics: Diagnostics
    # Interpretations stored by earlier versions have neither; those were all of tables.
    modality: Modality = field(default=Modality.TABULAR, metadata=ADDED_LATER)
    details: SequenceDetails | SeriesDetails | LinkDetails | None = field(
        default=None, metadata=ADDED_LATER
    )
    quality: Quality | None = field(default=None, metadata=ADDED_LATER)
