"""An interpretation in plain sentences, whatever kind of data it is of."""

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.figures.deviations import deviation_sentence
from deepaid_core.figures.link_words import link_sentences, link_short
from deepaid_core.figures.numbers import format_factor, format_value
from deepaid_core.figures.ribbon import flagged_message
from deepaid_core.figures.sequence import sequence_sentences, sequence_short
from deepaid_core.figures.series_window import series_sentences

__all__ = ["sentences", "short"]

_MOST = 2


def sentences(finding: Finding) -> tuple[str, ...]:
    """What is unusual and what would be normal, most important first.

    Event text in it is bounded but not escaped.
    """
    interpretation = finding.interpretation
    if interpretation.modality is Modality.SEQUENCE:
        message = flagged_message(finding.evidence_columns, finding.evidence, finding.event_index)
        return sequence_sentences(interpretation, message)
    if interpretation.modality is Modality.SERIES:
        return series_sentences(interpretation)
    if interpretation.modality is Modality.LINK:
        return link_sentences(interpretation)
    return tuple(deviation_sentence(one) for one in interpretation.deviations[:_MOST])


def short(interpretation: Interpretation, message: str = "") -> str:
    """The same in one line, for queues and lists.

    Args:
        interpretation: Of any kind.
        message: The flagged line of a log as written; see `flagged_message`.
    """
    if interpretation.modality is Modality.SEQUENCE:
        return sequence_short(interpretation, message)
    if interpretation.modality is Modality.LINK:
        return link_short(interpretation)
    if not interpretation.deviations:
        return "no single change makes the detector accept this event"
    parts = [_in_short(deviation) for deviation in interpretation.deviations[:_MOST]]
    rest = len(interpretation.deviations) - _MOST
    return "; ".join(parts) + (f"; and {rest} more" if rest > 0 else "")


def _in_short(deviation: Deviation) -> str:
    if not deviation.cells:
        return deviation.title
    cell = deviation.cells[0]
    if isinstance(cell.observed, str) or isinstance(cell.reference, str):
        return f"{deviation.title}: {cell.observed} instead of {cell.reference}"
    # The factor first: a table cuts the end of a long line off.
    title = cell.title if cell.title.startswith(deviation.title) else deviation.title
    if not cell.observed or not cell.reference:
        # Beside a zero no factor says anything.
        observed, reference = (
            format_value(value, cell.unit) for value in (cell.observed, cell.reference)
        )
        return f"{title}: {observed} instead of {reference}"
    return f"{format_factor(cell.observed, cell.reference)}: {title}"
