"""What the Distiller suggests."""

import time

import pytest

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.graph import START_ID, category_node_id, state_graph, state_node_id
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.distiller.reading import read
from deepaid_core.domain.log import LogEntry, NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

TRUE, FALSE = VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE
PATH = ("HH_mean:up:3", "HH_std:up:2", "MI_dir_weight:up:1")
WOBBLED = (PATH[1], PATH[0], PATH[2])
NEAR = (PATH[0], PATH[1], "HpHp_pcc:down:1")
FAR = (PATH[0], "HpHp_pcc:down:1", "HH_jit_std:up:4")


def taught(*verdicts: tuple[tuple[str, ...], VerdictLabel, str], detector="packets") -> Distiller:
    return Distiller.replay(
        LogEntry(
            number,
            0.0,
            NewVerdict(
                label, category, "", "ana", "finding", detector, "P-", path, (f"F-{number}",)
            ),
        )
        for number, (path, label, category) in enumerate(verdicts, 1)
    )


def test_an_untaught_distiller_answers_unknown():
    suggestion = Distiller().suggest("packets", PATH)
    assert (suggestion.known, suggestion.category, suggestion.label) == (False, None, None)
    assert suggestion.confidence == 0.0
    assert suggestion.reason == (
        "No verdict yet on this pattern, nor on one with the same deviations in other sizes or "
        "with all but one of them"
    )


def test_three_agreeing_verdicts_suggest_themselves_on_the_rest_of_the_pattern():
    distiller = taught(*[(PATH, FALSE, "backup-job")] * 3)
    suggestion = distiller.suggest("packets", PATH)
    assert (suggestion.label, suggestion.category) == (FALSE, "backup-job")
    assert suggestion.support == 3
    assert suggestion.verdict_numbers == (3, 2, 1)
    assert suggestion.reason == "3 verdicts 'false positive / backup-job' on this pattern"
    assert suggestion.confidence == pytest.approx(0.8)


def test_the_order_of_near_equal_deviations_does_not_matter_for_the_category():
    distiller = taught(*[(PATH, FALSE, "backup-job")] * 3, *[(FAR, TRUE, "port-scan")] * 30)
    straight, wobbled = (distiller.suggest("packets", path) for path in (PATH, WOBBLED))
    assert straight.category == wobbled.category == "backup-job"
    assert straight.confidence == wobbled.confidence == pytest.approx(0.8)


def test_confidence_grows_with_verdicts_that_agree():
    confidences = [
        taught(*[(PATH, FALSE, "backup-job")] * count).suggest("packets", PATH).confidence
        for count in range(1, 12)
    ]
    assert confidences == sorted(set(confidences))
    assert confidences[0] == pytest.approx(2 / 3)
    assert confidences[-1] < 1


def test_confidence_falls_with_disagreement_and_the_reason_says_so():
    agreed = taught(*[(PATH, FALSE, "backup-job")] * 3).suggest("packets", PATH)
    torn = taught(*[(PATH, FALSE, "backup-job")] * 3, (PATH, TRUE, "malware")).suggest(
        "packets", PATH
    )
    assert torn.category == "backup-job"
    assert torn.confidence < agreed.confidence
    assert torn.reason == (
        "3 verdicts 'false positive / backup-job' on this pattern, "
        "against 1 verdict 'true positive / malware'"
    )


def test_an_even_split_names_the_attack():
    for verdicts in (
        [(PATH, FALSE, "a"), (PATH, TRUE, "z")],
        [(PATH, TRUE, "z"), (PATH, FALSE, "a")],
    ):
        suggestion = taught(*verdicts).suggest("packets", PATH)
        assert (suggestion.label, suggestion.category) == (TRUE, "z")
        assert suggestion.confidence < 0.5


def test_a_pattern_one_state_away_gives_a_weaker_suggestion():
    distiller = taught((PATH, TRUE, "port-scan"))
    near = distiller.suggest("packets", NEAR)
    assert near.category == "port-scan"
    assert near.confidence < distiller.suggest("packets", PATH).confidence
    assert near.verdict_numbers == (1,)
    assert near.reason == (
        "1 verdict 'true positive / port-scan' on patterns with all deviations but one in common"
    )


@pytest.mark.parametrize(
    ("taught_path", "asked", "known"),
    [
        (("a", "b", "c"), ("a", "b"), True),
        (("a", "b"), ("a", "b", "c"), True),
        (("a", "b", "c"), ("a", "b", "d"), True),
        (("a", "b", "c"), ("c", "b", "a"), True),
        (("a", "b"), ("a", "c"), False),
        (("a",), ("a", "b"), True),
        (("a", "b"), ("a",), True),
        (("a", "b", "c"), ("a",), False),
        (("a",), ("a", "b", "c"), False),
        (("a", "b", "c"), ("a", "d", "e"), False),
        (("a", "b", "c"), ("d", "e", "f"), False),
        (("a",), ("a",), True),
        (("a",), (), False),
    ],
)
def test_support_is_the_same_pattern_or_one_state_more_fewer_or_another_one_of_three(
    taught_path, asked, known
):
    distiller = taught((taught_path, FALSE, "x"))
    assert distiller.suggest("packets", asked).known is known
    assert distiller.knows("packets", asked) is known


@pytest.mark.parametrize(
    ("taught_path", "asked"),
    [
        (("a:up:1", "b:down:2"), ("b:down:0", "a:up:3")),
        (("a:up:1",), ("a:up:2",)),
        (
            ('["category-1","service","pop_3","http"]',),
            ('["category-1","service","pop_3","smtp"]',),
        ),
        (('["series-1","web01.cpu",-1,"up",1]',), ('["series-1","web01.cpu",-1,"up",3]',)),
    ],
)
def test_the_same_states_in_other_sizes_are_support(taught_path, asked):
    distiller = taught((taught_path, TRUE, "port-scan"), (("z",), FALSE, "background"))
    suggestion = distiller.suggest("packets", asked)
    assert suggestion.category == "port-scan"
    assert suggestion.verdict_numbers == (1,)
    assert suggestion.reason == (
        "1 verdict 'true positive / port-scan' on patterns with the same deviations in other sizes"
    )
    assert suggestion.confidence == pytest.approx(2 / 3 * 2 / 3)


@pytest.mark.parametrize(
    ("taught_state", "asked"),
    [
        ("a:up:1", "a:down:1"),
        ("a:up:1", "b:up:1"),
        ('["category-1","service","pop_3","http"]', '["category-1","service","ftp","http"]'),
        ('["series-1","web01.cpu",-1,"up",1]', '["series-1","web01.cpu",-2,"up",1]'),
        ('["sequence-1",0,"Failed","Accepted"]', '["sequence-1",0,"Failed","Closed"]'),
        ('["link-1","source","ws07","dc01"]', '["link-1","source","ws07","db01"]'),
        ("a:up:1", "a:up"),
        ('["category-1","a"]', '["category-1","b"]'),
    ],
)
def test_another_field_direction_step_or_observation_is_not(taught_state, asked):
    assert not taught(((taught_state,), FALSE, "x")).suggest("packets", (asked,)).known


def test_other_sizes_outrank_patterns_with_another_state():
    path = ("a:up:1", "b:up:1", "c:up:1")
    distiller = taught(
        (("a:up:2", "b:up:1", "c:up:1"), TRUE, "port-scan"),
        *[(("a:up:1", "b:up:1"), FALSE, "background")] * 50,
    )
    assert distiller.suggest("packets", path).category == "port-scan"


def test_verdicts_that_disagree_give_no_suggestion_and_say_so():
    distiller = taught((PATH, FALSE, "backup-job"), (PATH, FALSE, "update"))
    suggestion = distiller.suggest("packets", PATH)
    assert not suggestion.known
    assert suggestion.alternatives == suggestion.verdict_numbers == ()
    assert suggestion.reason == (
        "Verdicts on this pattern disagree: 1 'false positive / backup-job', "
        "1 'false positive / update'"
    )
    # Nor do five outcomes, of which three are listed.
    torn = taught(*[(PATH, TRUE, name) for name in "abcde"]).suggest("packets", PATH)
    assert not torn.known
    assert torn.reason.endswith("'true positive / c' and 2 more")


def test_two_verdicts_outweigh_one_that_disagrees():
    for label, other in ((TRUE, FALSE), (FALSE, TRUE)):
        distiller = taught(*[(PATH, label, "a")] * 2, (PATH, other, "z"))
        assert distiller.suggest("packets", PATH).category == "a"


def test_a_false_alarm_never_wins_a_close_call_against_an_attack():
    # The order of the states makes the false alarm a little likelier than the attack.
    distiller = taught(
        (("a", "b"), FALSE, "backup-job"),
        (("a", "b"), TRUE, "malware"),
        (("a", "c"), FALSE, "backup-job"),
        (("b", "c"), TRUE, "malware"),
    )
    suggestion = distiller.suggest("packets", ("a", "b"))
    assert suggestion.label is not FALSE


def test_forgetting_takes_back_support_in_other_sizes_and_on_pairs():
    distiller = taught((("a:up:1", "b:up:1"), FALSE, "x"))
    undone = distiller.after([LogEntry(2, 0.0, NewUndo(1, "ana"))])
    for path in (("a:up:2", "b:up:2"), ("a:up:1",), ("a:up:1", "b:up:1", "c:up:1")):
        assert distiller.suggest("packets", path).known
        assert not undone.suggest("packets", path).known
    assert undone.machine == Machine()


def test_what_was_said_of_this_pattern_outranks_what_was_said_of_its_neighbours():
    distiller = taught((PATH, TRUE, "port-scan"), *[(NEAR, FALSE, "background")] * 50)
    assert distiller.suggest("packets", PATH).category == "port-scan"


def test_detectors_share_nothing():
    assert not taught((PATH, TRUE, "port-scan")).suggest("logins", PATH).known


def test_benign_positives_and_undetermined_teach_nothing():
    distiller = taught(
        (PATH, VerdictLabel.BENIGN_POSITIVE, "authorized-scan"),
        (PATH, VerdictLabel.UNDETERMINED, ""),
    )
    assert distiller.machine == Machine()
    assert not distiller.suggest("packets", PATH).known


def test_probabilities_are_listed_with_the_suggested_category_first():
    distiller = taught(*[(PATH, FALSE, "a")] * 2, (PATH, FALSE, "b"), (PATH, TRUE, "c"))
    suggestion = distiller.suggest("packets", PATH)
    assert suggestion.alternatives[0][0] == suggestion.category == "a"
    assert sum(share for _, share in suggestion.alternatives) == pytest.approx(1.0)


def test_the_chain_weighs_transitions_and_backs_off_to_single_states():
    # Independent arithmetic for ("b", "a") after x: a-b, a-b, b-a and y: a-b. Passes: x 6, y 2.
    distiller = taught(
        (("a", "b"), TRUE, "x"),
        (("a", "b"), TRUE, "x"),
        (("b", "a"), TRUE, "x"),
        (("a", "b"), FALSE, "y"),
    )
    single_x, single_y = 3.01 / 7, 1.01 / 3
    joint_x = 3 * (1 + single_x) / (3 + 1) * (1 + single_x) / (3 + 1)
    joint_y = 1 * (0 + single_y) / (1 + 1) * (0 + single_y) / (1 + 1)
    shares = dict(distiller.suggest("packets", ("b", "a")).alternatives)
    assert shares["x"] == pytest.approx(joint_x / (joint_x + joint_y))
    assert shares["y"] == pytest.approx(joint_y / (joint_x + joint_y))


def test_the_papers_reading_multiplies_separately_normalized_rows():
    # Independent arithmetic: A2(c -> x) = 2/3, A2(c -> y) = 1/3; a -> b was taken, b -> a never.
    distiller = taught((("a", "b", "c"), TRUE, "x"), (("b", "c"), TRUE, "x"), (("c",), FALSE, "y"))
    suggestion = distiller.suggest("packets", ("a", "b", "c"), reading="paper")
    assert suggestion.category == "x"
    assert dict(suggestion.alternatives) == pytest.approx({"x": 2 / 3, "y": 1 / 3})
    assert suggestion.confidence == pytest.approx(2 / 3)
    assert not distiller.suggest("packets", ("b", "a", "c"), reading="paper").known
    assert not distiller.suggest("packets", ("a", "b"), reading="paper").known


def test_a_long_path_does_not_underflow():
    path = tuple(f"s{i}" for i in range(400))
    distiller = taught((path, TRUE, "x"), (tuple(reversed(path)), FALSE, "y"))
    suggestion = distiller.suggest("packets", path)
    assert suggestion.category == "x"
    assert sum(share for _, share in suggestion.alternatives) == pytest.approx(1.0)


def test_judging_a_finding_anew_replaces_what_it_taught():
    def entry(number, label, category):
        decision = NewVerdict(
            label, category, "", "ana", "finding", "packets", "P-", PATH, ("F-1",)
        )
        return LogEntry(number, 0.0, decision)

    log = [entry(1, FALSE, "backup-job"), entry(2, VerdictLabel.BENIGN_POSITIVE, "authorized-scan")]
    assert not Distiller.replay(log).suggest("packets", PATH).known
    log.append(LogEntry(3, 0.0, NewUndo(2, "ana")))
    assert Distiller.replay(log).machine == Distiller.replay(log[:1]).machine


def test_repeating_a_verdict_on_one_finding_adds_nothing():
    decision = NewVerdict(FALSE, "x", "", "ana", "finding", "packets", "P-", PATH, ("F-1",))
    distiller = Distiller.replay(LogEntry(number, 0.0, decision) for number in range(1, 6))
    assert distiller.suggest("packets", PATH).support == 1
    # Nor does it take away what separate findings taught.
    wider = NewVerdict(FALSE, "x", "", "ana", "selection", "packets", "P-", PATH, ("F-1", "F-2"))
    assert distiller.after([LogEntry(6, 0.0, wider)]).suggest("packets", PATH).support == 2


def test_the_graph_shows_support_and_verdict_mix():
    distiller = taught(
        (("a", "b"), TRUE, "scan"), (("a", "b"), FALSE, "scan"), (("b",), FALSE, "backup")
    )
    graph = state_graph(distiller.machine, "packets", titles={})
    nodes = {node.id: node for node in graph.nodes}
    b = nodes[state_node_id("b")]
    assert (b.support, b.true_positives, b.false_positives, b.is_category) == (3, 1, 2, False)
    assert nodes[START_ID].support == 3
    end = nodes[category_node_id(TRUE, "scan")]
    assert (end.support, end.is_category, end.title) == (1, True, "true positive / scan")
    edges = {(e.source, e.target, e.category): e.count for e in graph.edges}
    # The same step on paths of the attack and of the false alarm called "scan" is one edge.
    assert edges[state_node_id("a"), state_node_id("b"), "scan"] == 2
    assert edges[state_node_id("b"), category_node_id(TRUE, "scan"), "scan"] == 1
    assert graph.version == 3
    assert all(e.source in nodes and e.target in nodes for e in graph.edges)
    assert state_graph(distiller.machine, "logins").nodes == ()


def test_states_of_every_kind_of_data_stand_in_the_graph_in_words():
    path = (
        '["sequence-1",0,"Failed password","Accepted password"]',
        '["series-1","web01.pkts_out",-2,"up",1]',
        '["link-1","source","group of ws07","group of dc01"]',
        "HH_weight:up:2",
    )
    graph = state_graph(
        taught((path, TRUE, "scan")).machine, "packets", titles={"HH_weight": "packets"}
    )
    titles = {node.title for node in graph.nodes}
    assert 'flagged line: "Failed password" instead of "Accepted password"' in titles
    assert "source from group of ws07 instead of group of dc01" in titles
    assert not titles & set(path)


@pytest.mark.parametrize("patterns", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_suggestion_among_many_patterns_takes_under_ten_milliseconds(patterns):
    outcomes = [Outcome(FALSE, f"c{i}") for i in range(20)]
    lessons = {
        Lesson("packets", (f"a{i % 47}", f"b{i % 53}", f"c{i}"), outcomes[i % 20]): 1 + i % 7
        for i in range(patterns)
    }
    machine = Machine().changed(lessons)
    asked = [(f"a{i % 47}", f"b{i % 53}", f"c{i}") for i in range(0, patterns, patterns // 50)]
    started = time.perf_counter()
    answers = [read(machine, "packets", path=path) for path in asked]
    near = read(machine, "packets", path=("a1", "b1", "never seen"))
    elapsed_s = time.perf_counter() - started
    assert all(answer.exact for answer in answers)
    assert near.support
    assert not near.exact
    assert elapsed_s / (len(asked) + 1) < 0.010
