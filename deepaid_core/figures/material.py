"""Whether anything deviates so far that an analyst could see it."""

import math
from typing import Final

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Cell, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.figures.numbers import format_score, is_multiple

__all__ = ["nothing_material"]

_SHARE: Final = 0.05
_COMPARED: Final = (Modality.TABULAR, Modality.SERIES)


def nothing_material(finding: Finding) -> str:
    """A sentence where no value differs noticeably from its closest normal, else nothing.

    Only numbers can be near each other: another log key or counterpart always counts.
    """
    interpretation = finding.interpretation
    if not interpretation.deviations:
        return ""
    if interpretation.modality not in _COMPARED or not _all_small(interpretation):
        return ""
    proof = interpretation.diagnostics
    over = (
        f"{proof.score / proof.threshold:.2f}× the threshold"
        if is_multiple(proof.score, proof.threshold, finding.ratio)
        else f"{format_score(proof.score)}, the threshold is {format_score(proof.threshold)}"
    )
    return (
        f"Nothing deviates materially: the score is {over}, and no value differs from its closest "
        f"normal one by more than {_SHARE:.0%}. Small changes of the event would turn the answer."
    ).replace("5%", "5 %")


def _all_small(interpretation: Interpretation) -> bool:
    cells = [cell for deviation in interpretation.deviations for cell in deviation.cells]
    return bool(cells) and all(map(_is_small, cells))


def _is_small(cell: Cell) -> bool:
    observed, reference = cell.observed, cell.reference
    if isinstance(observed, str) or isinstance(reference, str):
        return observed == reference
    if not (math.isfinite(observed) and math.isfinite(reference)):
        return False
    return abs(observed - reference) <= _SHARE * abs(reference)
