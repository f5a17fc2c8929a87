"""The bench on its page: the live score, edits by hand, locks, the smallest fix, hostile names."""

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from deepaid_core.domain.modality import Modality
from deepaid_ui.text import plain
from tests.benches import planted_finding
from tests.factories import make_finding, make_run
from tests.pages.conftest import HOSTILE


def page(finding_id):
    """The bench alone, as the tab of a finding shows it."""
    from deepaid_ui import bench
    from deepaid_ui.workspace import workspace

    bench.show(workspace().store.finding(finding_id))


@pytest.fixture
def on_bench(workspace):
    def opened(kind, number=0):
        finding = planted_finding(workspace, kind, number)
        workspace.store.add_run(make_run(detector_id=finding.detector_id), [finding])
        app = AppTest.from_function(page, args=(finding.id,), default_timeout=60).run()
        assert not app.exception
        return app, finding

    return opened


def verdict(app):
    (said,) = [*app.success, *app.warning]
    return said.value.replace("\\", "")


def button(app, label, at=0):
    return [one for one in app.button if one.label == label][at]


def drafted(app, finding):
    return json.loads(app.session_state["_drafts"][f"bench {finding.id}"]["edits"])


@pytest.mark.parametrize(
    "kind",
    [
        Modality.TABULAR,
        Modality.SERIES,
        Modality.LINK,
        pytest.param(Modality.SEQUENCE, marks=pytest.mark.slow),
    ],
)
def test_the_event_is_abnormal_the_closest_normal_accepted_and_reset_starts_anew(on_bench, kind):
    app, finding = on_bench(kind)
    assert verdict(app).startswith("**Still abnormal")
    assert "nothing is edited yet" in verdict(app)
    app = button(app, "All as closest normal").click().run()
    assert verdict(app).startswith("**The detector would accept this")
    assert set(drafted(app, finding))
    assert "Alone" in app.dataframe[0].value.columns
    app = button(app, "Reset").click().run()
    assert "nothing is edited yet" in verdict(app)
    assert not app.dataframe
    assert not app.exception


def test_a_number_by_hand_and_the_way_to_normal_move_the_score(on_bench):
    app, finding = on_bench(Modality.TABULAR)
    strongest = finding.interpretation.deviations[0].cells[0]
    number, way = app.number_input[0], app.slider[0]
    assert number.value == strongest.observed
    assert way.value == 0
    before = verdict(app)
    app = way.set_value(50).run()
    assert verdict(app) != before
    held = drafted(app, finding)[strongest.name]
    assert min(strongest.observed, strongest.reference) < held
    assert held < max(strongest.observed, strongest.reference)
    assert app.number_input[0].value == held
    app = app.number_input[0].set_value(strongest.observed).run()
    assert verdict(app) == before
    assert app.slider[0].value == 0
    app = button(app, "Closest normal").click().run()
    assert app.number_input[0].value == strongest.reference
    assert app.slider[0].value == 100


def test_the_smallest_fix_leaves_what_is_locked_and_says_when_nothing_works(on_bench):
    app, finding = on_bench(Modality.LINK)
    guilty = finding.interpretation.deviations[0].field
    app = button(app, "Smallest fix").click().run()
    assert verdict(app).startswith("**The detector would accept this")
    assert "changes 1 endpoint" in app.info[0].value
    app = button(app, "Reset").click().run()
    for at in range(3):
        app = app.toggle[at].set_value(True).run()
    app = button(app, "Smallest fix").click().run()
    assert "Nothing works with these locks" in app.error[0].value
    assert verdict(app).startswith("**Still abnormal")
    assert all(one.disabled for one in app.selectbox)
    app = app.toggle[0].set_value(False).run()
    assert not app.error
    assert not app.selectbox[0].disabled
    app = button(app, "Smallest fix").click().run()
    assert set(drafted(app, finding)) == {guilty}


def test_other_parts_are_found_by_search(on_bench):
    app, finding = on_bench(Modality.SERIES)
    rows = len(app.number_input)
    more = next(one for one in app.selectbox if one.label == "Edit something else too")
    app = more.select(more.options[0]).run()
    assert len(app.number_input) == rows + 1
    app = app.number_input[-1].set_value(77.0).run()
    assert 77.0 in drafted(app, finding).values()
    app = button(app, "Hide").click().run()
    assert len(app.number_input) == rows
    assert "nothing is edited yet" in verdict(app)
    assert not app.exception


@pytest.mark.slow
def test_swapping_the_flagged_line_for_a_likely_one_is_accepted(on_bench):
    app, _ = on_bench(Modality.SEQUENCE)
    line = next(one for one in app.selectbox if one.label == "flagged line")
    accepted = next(one for one in line.options if one.startswith("✓"))
    app = line.select(accepted).run()
    assert verdict(app).startswith("**The detector would accept this")


def test_hostile_names_are_text(on_bench, workspace):
    _, finding = on_bench(Modality.LINK)
    details = finding.interpretation.details
    hostile = replace(details, observed=(HOSTILE, *details.observed[1:]))
    other = replace(
        finding, id="F-00000000aa", interpretation=replace(finding.interpretation, details=hostile)
    )
    workspace.store.add_run(make_run(detector_id=finding.detector_id, number=2), [other])
    app = AppTest.from_function(page, args=(other.id,), default_timeout=60).run()
    assert not app.exception
    shown = [*app.caption, *app.markdown, *app.success, *app.warning]
    assert not any("![x](" in one.value for one in shown)
    assert any(plain(HOSTILE)[:20] in one.value for one in app.caption)


def test_a_finding_without_its_detector_says_so(workspace):
    finding = make_finding()
    workspace.store.add_run(make_run(), [finding])
    app = AppTest.from_function(page, args=(finding.id,), default_timeout=60).run()
    assert not app.exception
    assert "is not in this workspace any more" in app.error[0].value.replace("\\", "")
