"""What every figure promises, over all figures at once."""

import html
import re

import pytest

from deepaid_core.domain.comparison import Answer
from deepaid_core.domain.drift import FeatureDrift, ScoreDrift
from deepaid_core.domain.graph import StateEdge, StateGraph, StateNode
from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.domain.queries import HourCount
from deepaid_core.figures import (
    compare,
    compare_cards,
    detector_scores,
    deviations,
    drift,
    evaluation,
    interpretation_facts,
    links,
    machine,
    scores,
    sequence,
    series,
    training_curve,
    volume,
)
from deepaid_core.figures.theme import is_empty, wrapped
from tests.comparisons import comparison
from tests.factories import START, make_interpretation
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "tags": '<a href="javascript:alert(1)">x</a><b>y</b><br>&amp;&lt;i&gt;',
    "quotes": "quote ' and \" and `",
    "lines": "line\none\r\ntwo",
    "template": "%{x} %{customdata} <extra>z</extra>",
    "direction": "\u202eevil\u2066\u200b\x00\ud800",
    "long": "n" * 10_000,
}


def interpretation(name="Packets sent"):
    cells = (
        Cell(f"{name}_1", f"{name}, last 1 s", name, 5e6, 12.0, 1.0, 80.0, 100.0),
        Cell(f"{name}_2", name, "bytes", 3.0, 900.0, 400.0, 1400.0, 0.0),
    )
    return make_interpretation(
        deviations=(
            Deviation(name, name, "up", 9.0, 0.7, cells),
            Deviation("kind", name, "changed", 1.0, 0.3, (Cell("k", name, "", name, "tcp"),)),
        )
    )


def graph(name="scan"):
    return StateGraph(
        3,
        (
            StateNode("start", "start", 3, 1, 2, False),
            StateNode(name, name, 3, 1, 2, False),
            StateNode("end", name, 3, 1, 0, True),
        ),
        (StateEdge("start", name, 2, name), StateEdge(name, "end", 1, name)),
    )


def flip(interpretation):
    return scores.flip_curve(interpretation.diagnostics)


def of_sequence(name):
    return sequence.sequence_details(renamed(make_sequence_finding(), name).interpretation)


def of_series(name):
    return renamed(make_series_finding(), name).interpretation


def of_link(name):
    return renamed(make_link_finding(unknown=True), name).interpretation


def of_methods(name):
    both = (
        Answer(method, interpretation(name), elapsed_ms=1.0) for method in ("greedy", name or "x")
    )
    return comparison(*both)


def histogram(name):
    counted = detector_scores.binned([0.1, 0.2, 0.3], [0.2, 0.9], 0.35, bins=8)
    return detector_scores.score_histogram(
        counted, 0.35, moved=0.4, flagged=(0.0, 0.5), recent_name=name, normal_name=name
    )


SHIFT = ScoreDrift((0.0, 1.0, 2.0), (0.9, 0.1), (0.5, 0.5), 0.3, 0.4, 0.4, 0.9)


def column(name):
    return FeatureDrift(name, name, name, 0.4, 0.1, (0, 1, 2, 3, 4), (1, 2, 3, 4, 5))


TIMES = [START + step for step in range(50)]
SCORES = [0.3 + 0.1 * (step % 7) for step in range(50)]

FULL = {
    "deviations": lambda name="h": deviations.deviations(interpretation(name)),
    "all columns": lambda name="h": deviations.deviations(interpretation(name), all_columns=True),
    "score strip": lambda name="h": scores.score_strip(9.0, 0.25, 0.2),
    "flip curve": lambda name="h": flip(interpretation(name)),
    "timeline": lambda name="h": scores.members_timeline(TIMES, SCORES, 0.25, TIMES[3]),
    "agreement": lambda name="h": compare.agreement(of_methods(name)),
    "score paths": lambda name="h": compare.score_paths(of_methods(name)),
    "card": lambda name="h": compare_cards.deviation_lines(interpretation(name), letters=40),
    "volume": lambda name="h": volume.volume([(START, 900, 3), (START + 60, 800, 0)]),
    "findings": lambda name="h": volume.findings_by_hour([(name, START, 2, 5)]),
    "findings over time": lambda name="h": volume.findings_over_time([(START, 2, 5, 1)], 60.0),
    "detectors": lambda name="h": volume.detector_hours([HourCount(name, START, 2, 5, 1)]),
    "state graph": lambda name="h": machine.state_graph(graph(name), path=["start", name]),
    "expected keys": lambda name="h": sequence.expected_keys(of_sequence(name)),
    "deviation map": lambda name="h": series.deviation_map(of_series(name)),
    "courses": lambda name="h": series.courses(of_series(name)),
    "neighborhood": lambda name="h": links.neighborhood(of_link(name)),
    "detector scores": lambda name="h": histogram(name),
    "losses": lambda name="h": training_curve.loss_curve([(2.0, 2.5), (1.0, 1.5)], name=name),
    "roc": lambda name="h": evaluation.roc([(0, 0), (0.1, 0.8), (1, 1)], 0.85, at=(0.1, 0.8)),
    "precision": lambda name="h": evaluation.precision_recall(
        [(0.0, 1.0), (1.0, 0.2)], 0.6, base=0.2, at=(0.5, 0.6)
    ),
    "categories": lambda name="h": evaluation.category_recall([(name, 1, 4), ("b", 3, 3)]),
    "score shift": lambda name="h": drift.score_shift(SHIFT),
    "column shifts": lambda name="h": drift.feature_shifts([column(name)]),
    "deviations needed": lambda name="h": interpretation_facts.fields_needed([1, 2, 0, 20]),
    "plausibility": lambda name="h": interpretation_facts.plausibilities([0.0, 95.0, 100.0]),
}
NOTHING = make_interpretation(deviations=())
EMPTY = {
    "deviations": lambda: deviations.deviations(make_interpretation(deviations=())),
    "score strip": lambda: scores.score_strip(float("inf"), 0.25, 0.2),
    "flip curve": lambda: flip(make_interpretation(path=())),
    "timeline": lambda: scores.members_timeline([], [], 0.25, 0.0),
    "agreement": lambda: compare.agreement(comparison()),
    "score paths": lambda: compare.score_paths(comparison()),
    "card": lambda: compare_cards.deviation_lines(make_interpretation(deviations=()), letters=9),
    "volume": lambda: volume.volume([]),
    "findings": lambda: volume.findings_by_hour([]),
    "findings over time": lambda: volume.findings_over_time([], 60.0),
    "detectors": lambda: volume.detector_hours([]),
    "state graph": lambda: machine.state_graph(StateGraph(0)),
    "expected keys": lambda: sequence.expected_keys(sequence.sequence_details(NOTHING)),
    "deviation map": lambda: series.deviation_map(NOTHING),
    "courses": lambda: series.courses(NOTHING),
    "neighborhood": lambda: links.neighborhood(NOTHING),
    "detector scores": lambda: detector_scores.score_histogram(
        detector_scores.binned([float("nan")], [], 0.3), 0.3
    ),
    "losses": lambda: training_curve.loss_curve([(float("nan"), float("nan"))]),
    "roc": lambda: evaluation.roc([], None),
    "precision": lambda: evaluation.precision_recall([], None, base=0.0),
    "categories": lambda: evaluation.category_recall([("a", 0, 0)]),
    "score shift": lambda: drift.score_shift(None),
    "column shifts": lambda: drift.feature_shifts([]),
    "deviations needed": lambda: interpretation_facts.fields_needed([]),
    "plausibility": lambda: interpretation_facts.plausibilities([]),
}


def texts(value):
    """Every text in a figure, keys left out, its template too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "template":
                yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


def plain(figure):
    return figure.to_plotly_json()


@pytest.mark.parametrize("draw", FULL.values(), ids=FULL)
def test_equal_input_gives_an_equal_figure(draw):
    assert draw().to_json() == draw().to_json()


# A card stands under the name of its method and has no title of its own.
TITLED = {name: draw for name, draw in FULL.items() if name != "card"}


@pytest.mark.parametrize("draw", TITLED.values(), ids=TITLED)
def test_the_title_states_a_finding_and_the_hover_is_no_template(draw):
    figure = draw()
    assert len(figure.layout.title.text) > 10
    assert not is_empty(figure)
    assert all(trace.hovertemplate is None for trace in figure.data)


@pytest.mark.parametrize("draw", EMPTY.values(), ids=EMPTY)
def test_empty_input_gives_a_sentence_instead_of_axes(draw):
    figure = draw()
    assert is_empty(figure)
    assert not figure.data
    assert html.unescape(figure.layout.annotations[0].text).rstrip().endswith(".")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("draw", FULL.values(), ids=FULL)
def test_hostile_names_are_text_and_bounded(draw, name):
    own = re.compile(r"</?(?:b|br|sup)>")
    for text in texts(plain(draw(name))):
        rest = own.sub("", text)
        assert "<" not in rest
        assert not re.search(r"[\u202e\u2066\u200b\x00\ud800\n\r]", rest)
        assert len(text) < 4000


def test_hostile_names_show_as_they_were_written():
    label = " ".join(texts(plain(deviations.deviations(interpretation(HOSTILE["script"])))))
    assert HOSTILE["script"] in html.unescape(label)


@pytest.mark.parametrize("draw", FULL.values(), ids=FULL)
def test_no_text_color_is_fixed_so_that_dark_pages_stay_readable(draw):
    figure = plain(draw())
    layout = {key: value for key, value in figure["layout"].items() if key != "template"}
    assert not re.search(r"'font': \{[^}]*'color'", str(layout))
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert not {"black", "white", "#000", "#fff", "#000000", "#ffffff"} & set(texts(figure))


def test_anomaly_and_closest_normal_differ_by_symbol_as_well_as_color():
    symbols = {
        trace.name: trace.marker.symbol
        for trace in deviations.deviations(interpretation()).data
        if trace.name
    }
    assert symbols["anomaly"] != symbols["closest normal"]
    assert symbols["closest normal"].endswith("-open")


def test_a_title_breaks_no_number_from_its_unit():
    for width in range(16, 40):
        lines = wrapped("had 49.5 %, then 12 kB in 3.5 s until 05:01:37 UTC", width)
        assert not any(line.endswith(("49.5", "12", "3.5", ":37")) for line in lines)
        assert " ".join(lines) == "had 49.5 %, then 12 kB in 3.5 s until 05:01:37 UTC"


@pytest.mark.parametrize("draw", FULL.values(), ids=FULL)
def test_no_axis_makes_the_browser_draw_twice_and_labels_have_their_room(draw):
    layout = draw().layout
    axes = [layout[name] for name in layout if re.fullmatch(r"[xy]axis\d*", name)]
    shown = [axis for axis in axes if axis.visible is not False]
    assert all(axis.automargin is False for axis in shown)
    labels = layout.yaxis.ticktext or ()
    if layout.yaxis.visible is not False and layout.yaxis.showticklabels is not False:
        lines = [re.sub(r"<[^>]*>", "", line) for text in labels for line in text.split("<br>")]
        longest = max((len(html.unescape(line)) for line in lines), default=0)
        assert layout.margin.l >= 6 * longest
