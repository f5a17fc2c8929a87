import pytest

from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.figures.words import short
from deepaid_core.workflow.verdict_text import checked_reason, drafted_reason
from tests.factories import make_finding, make_interpretation
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed

HOSTILE = "<b>\u202e\0" + "x" * 10_000 + "\x1b\n[a](http://203.0.113.1)"
MAKERS = {
    "sequence": make_sequence_finding,
    "series": make_series_finding,
    "link": make_link_finding,
    "table": make_finding,
}


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (make_sequence_finding(), "2 lines before, “Invalid user … from … port …” instead of"),
        (make_sequence_finding(history_edit=False), "the flagged line itself"),
        (make_series_finding(), "web01.pkts_out was 2,900 packets in the scored step"),
        (make_link_finding(), "Unusual is the destination plc-gw01, where files-fin would be"),
        (make_link_finding(unknown=True), "never occurred in training"),
    ],
)
def test_a_draft_names_what_is_unusual_and_what_would_be_normal(finding, words):
    assert words in drafted_reason(finding)


def test_a_draft_quotes_categories():
    cell = Cell("service", "service", "", "http", "smtp")
    one = make_interpretation(
        deviations=(Deviation("service", "service", "changed", 1.0, 1.0, (cell,)),)
    )
    assert drafted_reason(make_finding(interpretation=one)) == (
        "Service was “http”, closest normal “smtp”."
    )


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_draft_from_hostile_names_can_be_saved_as_it_is(make):
    draft = drafted_reason(renamed(make(), HOSTILE))
    assert checked_reason(draft) == draft
    assert len(draft) < 3000


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_kind_has_a_summary_of_one_line(make):
    said = short(make().interpretation)
    assert said
    assert "\n" not in said
    assert len(said) < 400
