"""Several interpreters side by side: on one finding, and on the last benchmark run."""

import streamlit as st

from deepaid_core.errors import NotFoundError
from deepaid_ui import compare, compare_benchmark, compare_view, panels, problems, session
from deepaid_ui.workspace import workspace

st.header("Compare")
panels.banner()
one, benchmark = st.tabs(
    ["This finding", "Benchmark"], on_change="rerun", key="tab", bind="query-params"
)
if one.open:
    with one:
        finding_id = session.param("finding")
        finding = None
        if finding_id is not None:
            try:
                finding = workspace().store.finding(finding_id)
            except NotFoundError as error:
                problems.show(error)
        if finding is None:
            compare.nothing_chosen()
        else:
            compare.header(finding, workspace().store.row(finding.id))
            comparison = compare.answered(finding, compare.chosen(finding))
            compare_view.overview(comparison)
            compare_view.cards(comparison)
            compare.firmness(finding, comparison)
            compare_view.twins(comparison)
if benchmark.open:
    with benchmark:
        compare_benchmark.results()
