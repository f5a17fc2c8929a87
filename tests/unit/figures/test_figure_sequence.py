from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.domain.details import UNKNOWN_TEXT, Likely, SequenceDetails
from deepaid_core.figures.ribbon import (
    LineKind,
    flagged_message,
    line_parts,
    lines_table,
    message_start,
    ribbon,
)
from deepaid_core.figures.sequence import (
    expected_keys,
    expected_table,
    flagged_key,
    sequence_sentences,
    sequence_short,
)
from deepaid_core.figures.theme import is_empty
from deepaid_core.figures.words import sentences, short
from tests.kinds import FAILED, make_sequence_finding


def kinds(finding):
    return {row.offset: row.kind for row in ribbon(finding)}


def parameters(template, line, process=""):
    return [text for text, is_parameter in line_parts(template, line, process) if is_parameter]


def test_the_flagged_line_and_the_one_that_would_differ_are_marked():
    marks = kinds(make_sequence_finding())
    assert marks[0] is LineKind.FLAGGED
    assert marks[-2] is LineKind.CHANGED
    assert marks[-1] is LineKind.WINDOW
    assert marks[1] is LineKind.OUTSIDE
    assert marks[3] is LineKind.ALSO


def test_the_reference_stands_under_the_line_that_differs_and_nowhere_else():
    shown = {row.offset: row.reference for row in ribbon(make_sequence_finding()) if row.reference}
    assert shown == {-2: "Invalid user <*> from <*> port <*>"}


def test_each_line_keeps_its_text_time_and_other_columns():
    finding = make_sequence_finding()
    rows = ribbon(finding)
    assert [row.line for row in rows] == [row.values[1] for row in finding.evidence]
    assert rows[0].details == (
        ("process", "sshd"), ("host", "files01"), ("parameters", "10.79.0.26, 20001"),
    )  # fmt: skip
    assert rows[0].time == finding.evidence[0].time


def test_without_evidence_the_window_alone_is_drawn():
    finding = replace(make_sequence_finding(), evidence=(), evidence_columns=())
    rows = ribbon(finding)
    # Five positions of the window lie before the session began.
    assert [row.offset for row in rows] == [-5, -4, -3, -2, -1, 0]
    assert rows[-1].kind is LineKind.FLAGGED
    assert rows[-3].reference


def test_evidence_that_begins_late_is_completed_from_the_window():
    finding = make_sequence_finding()
    rows = ribbon(replace(finding, evidence=finding.evidence[3:]))
    assert [row.offset for row in rows] == list(range(-5, 5))
    assert rows[0].template.startswith("Connection from")
    assert rows[0].line == ""
    assert rows[2].line == ""
    assert rows[3].line


def test_a_session_of_one_line_is_one_row():
    details = SequenceDetails(("", "", "x <*>"), ("", "", "y"), (), 0.1, 0.5, 0, None, 3)
    finding = make_sequence_finding(details=details)
    finding = replace(finding, evidence=finding.evidence[5:6])
    (row,) = ribbon(finding)
    assert row.kind is LineKind.FLAGGED
    assert row.reference == "y"


def test_odd_columns_are_shown_beside_the_template():
    finding = make_sequence_finding()
    odd = replace(
        finding,
        evidence_columns=("Key", "x", "y", "z", "a", "b"),
    )
    row = ribbon(odd)[0]
    assert row.template.startswith("Connection from")
    assert row.details[0] == ("key", finding.evidence[0].values[0])


@pytest.mark.parametrize(
    ("template", "line", "process", "found"),
    [
        (FAILED, "Failed password for root from 10.0.0.1 port 22 ssh2", "", ["root", "10.0.0.1",
                                                                            "22"]),
        ("Failed <USER> from <IP>", "Nov 3 sshd[1]: Failed bob from ::1", "", ["bob", "::1"]),
        ("sshd: Exit <NUMBER>", "2026 web01 sshd[7]: Exit 3", "sshd", ["3"]),
        ("<*> logged in", "Nov 3 host app: bob logged in", "", ["bob"]),
        ("<*>", "anything at all", "", []),
        ("no parameter", "Nov 3 no parameter", "", []),
        ("other <*> words", "Nov 3 no such thing", "", []),
    ],
)  # fmt: skip
def test_parameters_of_a_line_are_what_its_template_hides(template, line, process, found):
    assert parameters(template, line, process) == found


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_a_line_are_the_line(template, line):
    assert "".join(text for text, _ in line_parts(template, line)) == line
    assert "".join(text for text, _ in line_parts(f"{line}<*>", line + template)) == line + template


def test_the_sentences_say_which_earlier_line_would_make_it_normal():
    said = sequence_sentences(make_sequence_finding().interpretation)
    assert "has a probability of 0.02 %" in said[0]
    assert said[1] == (
        "The history edit that makes this normal: 2 lines before, “Invalid user … from … port …” "
        "instead of “Failed password for … from … port … ssh2”."
    )
    assert "with the history as it is" in said[2]


def test_the_sentences_say_plainly_when_no_earlier_line_helps():
    said = sequence_sentences(make_sequence_finding(history_edit=False).interpretation)
    assert said[1].startswith("No change of up to three earlier lines makes this normal")
    assert (
        said[2] == "A line that is normal here: “Connection closed by … port … [preauth]” (87.2 %)."
    )


def test_a_summary_names_the_line_first_and_then_what_would_be_normal():
    assert sequence_short(make_sequence_finding(history_edit=False).interpretation).startswith(
        "unexpected “Accepted publickey"
    )
    assert "2 lines before" in sequence_short(make_sequence_finding().interpretation)


def test_the_flagged_line_is_among_the_bars_once():
    details = make_sequence_finding().interpretation.details
    expected, flagged = expected_keys(details).data
    assert list(expected.x) == [0.872, 0.094, 0.021, 0.004]
    assert list(flagged.x) == [0.0002]
    assert flagged.marker.pattern.shape != expected.marker.pattern.shape
    own = replace(details, expected=(Likely(flagged_key(details), 0.3), Likely("x", 0.7)))
    assert [len(trace.x) for trace in expected_keys(own).data] == [1, 1]
    assert sum(row[3] != "" for row in expected_table(own).rows) == 1


def test_the_tables_hold_what_the_pictures_show():
    finding = make_sequence_finding()
    table = lines_table(finding)
    assert len(table.rows) == len(finding.evidence)
    assert [table.rows[at][1] for at in table.marked] == [-2, 0]
    window = lines_table(finding, window=True)
    assert {row[1] for row in window.rows} == {-5, -4, -3, -2, -1, 0, 3}
    assert expected_table(finding.interpretation.details).rows[-1][2] == "0.02 %"


def test_an_interpretation_without_details_still_says_something():
    finding = make_sequence_finding()
    bare = replace(finding.interpretation, details=None, deviations=())
    assert sequence_sentences(bare)
    assert sequence_short(bare)
    assert is_empty(expected_keys(SequenceDetails((), (), (), 0.0, 0.0, 0, None, 0)))
    assert len(ribbon(replace(finding, interpretation=bare))) == len(finding.evidence)


def test_a_line_of_a_kind_never_seen_is_quoted_as_written():
    finding = make_sequence_finding(history_edit=False)
    old = finding.interpretation
    details = replace(old.details, observed=(*old.details.observed[:-1], UNKNOWN_TEXT))
    line = "2026-11-22T05:12:48+00:00 web01 sshd[7]: brian : COMMAND=/usr/bin/chmod 4755 /x"
    rows = tuple(
        replace(row, values=(UNKNOWN_TEXT, line, *row.values[2:]))
        if row.index == finding.event_index
        else row
        for row in finding.evidence
    )
    new = replace(finding, interpretation=replace(old, details=details), evidence=rows)
    assert sentences(new)[0].startswith(
        "A line of a kind never seen in training: “brian : COMMAND=/usr/bin/chmod 4755 /x”; likeli"
    )
    message = flagged_message(new.evidence_columns, new.evidence, new.event_index)
    assert short(new.interpretation, message).startswith("never seen: “brian : COMMAND=")
    assert short(new.interpretation).startswith("unexpected “(no known template)”")
    row = ribbon(new)[5]
    assert row.prefix == "2026-11-22T05:12:48+00:00 web01 sshd[7]: "
    assert row.line == line


@pytest.mark.parametrize(
    ("line", "process", "message"),
    [
        ("Nov 3 web01 sshd[12]: Failed: x", "sshd", "Failed: x"),
        ("Nov 3 web01 sshd[12] Failed", "sshd", "Nov 3 web01 sshd[12] Failed"),
        ("Failed: x", "", "Failed: x"),
        ("", "sshd", ""),
    ],
)
def test_a_message_begins_after_the_name_of_its_process(line, process, message):
    assert line[message_start(line, process) :] == message


def test_no_line_was_kept_means_no_message():
    finding = make_sequence_finding()
    assert flagged_message(("x",), finding.evidence, finding.event_index) == ""
    assert flagged_message(finding.evidence_columns, (), 0) == ""
