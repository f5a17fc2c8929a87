"""What needs an analyst now."""

import streamlit as st

from deepaid_ui import overview, overview_charts, overview_health, panels

numbers = overview.numbers()
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.header("Overview", width="content")
    health = overview_health.health(numbers.overview)
    overview_health.freshness(health)
panels.banner()
overview.being_prepared()
if numbers.overview.findings == 0:
    overview.nothing_yet()
    overview_health.problems(health)
    st.stop()
overview.demo_outcome(numbers.overview)
overview_health.problems(health)
overview.counts(numbers)
finding, pattern, needs = (
    place.container(border=True, height="stretch")
    for place in st.columns([0.31, 0.38, 0.31], gap="small")
)
with finding:
    overview.next_finding()
with needs:
    overview_health.attention(numbers.overview, health)
overview_charts.over_time(numbers.overview)
overview_health.detectors(numbers.overview, health)
# What is weighed longest comes last, so that nothing else waits for it.
place = st.container()
with pattern:
    overview.best_pattern()
with place:
    overview_charts.top_patterns()
