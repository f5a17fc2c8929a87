"""Learners of few examples, on planted paths with known answers."""

import numpy as np
import pytest

from benchmarks.bench_few_shot import _asks, _calibration, _measured
from benchmarks.few_shot_data import Pool
from benchmarks.few_shot_learners import UNKNOWN, Ask, Machines, Rival, Similar
from benchmarks.few_shot_page import section
from benchmarks.lab_truth import packet_truth
from deepaid_core.domain.verdict import VerdictLabel

SCAN, FLOOD, BACKUP, STRANGE = (
    ("ports:up:2", "flags:up:1"),
    ("packets:up:3",),
    ("bytes:up:1", "peers:down:0"),
    ("dns:up:2",),
)
PATHS = [path for path in (SCAN, FLOOD, BACKUP, STRANGE) for _ in range(12)]
NAMES = np.repeat(np.array(["scan", "flood", "backup", "strange"], dtype=object), 12)
VALUES = np.eye(4)[np.repeat(np.arange(4), 12)] + np.random.default_rng(0).normal(
    scale=0.01, size=(48, 4)
)


def ask(shots: int) -> Ask:
    taught = np.concatenate([np.arange(start, start + shots) for start in (0, 12, 24)])
    return Ask(NAMES, taught, np.setdiff1d(np.arange(48), taught), shots, 0)


@pytest.mark.parametrize(
    "learner",
    [
        Machines(PATHS, frozenset({"backup"})),
        Machines(PATHS, frozenset({"backup"}), "paper"),
        Machines(PATHS, frozenset({"backup"}), always_agrees=True),
        Similar(PATHS),
        Similar(PATHS, former=True),
    ],
)
@pytest.mark.parametrize("shots", [1, 5])
def test_paths_that_were_taught_are_known_and_others_are_not(learner, shots):
    asked = ask(shots)
    said, confidence = learner(asked)
    true = np.where(NAMES == "strange", UNKNOWN, NAMES)[asked.asked]
    assert said.tolist() == true.tolist()
    assert ((confidence > 0) == (true != UNKNOWN)).all()


@pytest.mark.parametrize("forest", [True, False])
def test_rivals_learn_what_is_plain(forest):
    asked = ask(5)
    said, _ = Rival(VALUES, forest=forest)(asked)
    known = NAMES[asked.asked] != "strange"
    assert (said[known] == NAMES[asked.asked][known]).mean() > 0.9


def test_similarity_counts_families_less():
    paths = [("a:up:1", "b:up:1"), ("a:up:2", "b:up:1"), ("a:up:2",)]
    names = np.array(["x", "", ""], dtype=object)
    drawn = Ask(names, np.array([0]), np.array([1, 2]), 1, 0)
    # 1 + 2/3 of 2 + 2 - 1 - 2/3; and 2/3 of 2 + 1 - 2/3 = 2/7, which is too little.
    said, surely = Similar(paths)(drawn)
    assert said.tolist() == ["x", UNKNOWN]
    assert surely.tolist() == pytest.approx([5 / 7, 0])
    assert Similar(paths, half=0.0)(drawn)[0].tolist() == [UNKNOWN, UNKNOWN]


def test_unknown_on_a_taught_category_is_an_error_and_counts_for_one_never_taught():
    drawn = Ask(NAMES, np.array([0, 12, 24]), np.array([1, 13, 25, 26, 36, 37]), 1, 0)
    true = NAMES[drawn.asked]
    said = np.array(["scan", UNKNOWN, "backup", "flood", UNKNOWN, "backup"], dtype=object)
    row = _measured(true, said, drawn, frozenset({"backup"}))
    assert row.uacc == pytest.approx(1 / 2)
    # scan 1; backup 2/3 (one of two found, nothing else called so); flood 0.
    assert row.macro == pytest.approx((1 + 2 / 3 + 0) / 3)
    # Two right of four asked and three answered.
    assert row.micro == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    # Of scan, flood and two strange ones, one was called a backup.
    assert row.attacks_as_false == pytest.approx(1 / 4)


def test_no_example_is_asked_and_each_category_is_left_out_in_turn():
    pool = Pool("planted", "Planted", (), NAMES, frozenset(), VALUES, each_in_turn=True)
    draws = list(_asks(pool, 5, 0))
    assert len(draws) == 4
    for one in draws:
        assert not set(one.taught) & set(one.asked)
        assert len(one.taught) == 15
        assert set(one.taught) | set(one.asked) <= set(range(48))
    assert {frozenset(NAMES[one.taught]) for one in draws} == {
        frozenset({"scan", "flood", "backup", "strange"} - {name})
        for name in ("scan", "flood", "backup", "strange")
    }
    assert list(_asks(pool, 8, 0)) == []


def test_calibration_is_the_mean_distance_between_said_and_right():
    told = _calibration(np.array([0.95, 0.95, 0.35, 0.35]), np.array([True, True, True, False]))
    assert told["error"] == pytest.approx((0.05 + 0.15) / 2)
    assert [cell["right"] for cell in told["table"]] == [0.5, 1.0]


def test_a_packet_is_what_its_event_is():
    labels = {packet_truth(index).label for index in range(0, 99_820, 40)}
    assert VerdictLabel.TRUE_POSITIVE in labels
    assert VerdictLabel.FALSE_POSITIVE in labels


def test_the_page_says_what_was_skipped():
    text = section({"draws": 5, "skipped": "NSL-KDD is not here.", "pools": []})
    assert "NSL-KDD was skipped: NSL-KDD is not here." in text
