"""The tables that say of a finding what its pictures show, for reports and terminals."""

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality
from deepaid_core.figures.link_words import habit_tables, link_details, links_table
from deepaid_core.figures.ribbon import lines_table
from deepaid_core.figures.sequence import expected_table, sequence_details
from deepaid_core.figures.series_window import deviating_table, ranking_table, series_window
from deepaid_core.figures.tables import Table

__all__ = ["raw_columns", "twins"]

_RANKED = 12
# What a source of logs cuts out of a line stands in the line itself, and in the tables above.
_LINE, _CUT_OUT = "line", {"template", "parameters", "host", "process"}


def twins(finding: Finding) -> tuple[Table, ...]:
    """Tables of one finding; none for rows of a table, whose deviations are one themselves."""
    interpretation = finding.interpretation
    if interpretation.modality is Modality.SEQUENCE:
        details = sequence_details(interpretation)
        return (lines_table(finding, window=True), expected_table(details))
    if interpretation.modality is Modality.SERIES:
        window = series_window(interpretation)
        ranked = (ranking_table(window.details, most=_RANKED),) if window is not None else ()
        return (deviating_table(interpretation), *ranked)
    if interpretation.modality is Modality.LINK:
        links = link_details(interpretation)
        return (links_table(links), *habit_tables(links))
    return ()


def raw_columns(finding: Finding) -> tuple[int, ...]:
    """Positions of the columns of raw events that say something, each thing once."""
    names = finding.evidence_columns
    doubled = (
        _CUT_OUT
        if finding.interpretation.modality is Modality.SEQUENCE and _LINE in names
        else set()
    )
    return tuple(
        position
        for position, name in enumerate(names)
        if name not in doubled
        and any(position < len(row.values) and row.values[position] for row in finding.evidence)
    )
