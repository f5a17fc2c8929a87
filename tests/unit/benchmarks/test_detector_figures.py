"""Figures of detectors on made numbers."""

import numpy as np
import pytest

from benchmarks.bench_detectors import figures_of
from benchmarks.detector_sets import Draw, first_of_each
from benchmarks.detector_targets import ANSWERS, needless, rows_of, unexplained
from benchmarks.detectors_page import best_of, section
from benchmarks.quote import quoted
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import InvalidParameterError
from tests.unit.benchmarks.test_comparison_pages import results

RATES = ("average_precision", "f1", "f2", "precision", "recall", "false_positive_rate")
BEST = ("best_f1", "best_f2", "best_precision", "best_recall")


def draw(auc: float, *, distinct: float | None = None, f1: float = 0.9, train_s: float = 2.0):
    def part(value: float) -> dict:
        return dict.fromkeys((*RATES, *BEST), f1) | {"roc_auc": value}

    return {
        "all": part(auc),
        "distinct": part(auc if distinct is None else distinct),
        "recall_of": {"dos": 0.5, "probe": 0.25},
        "train_s": train_s,
        "per_s": 1000,
    }


def row(name: str, *draws: dict, size: int = 2048) -> dict:
    return {"detector": name, "seeds": list(draws), "bytes": size}


def one_set(*rows: dict, key: str = "kdd99") -> dict:
    counts = ("normal", "test", "attacks", "distinct", "distinct_attacks")
    words = {"key": key, "title": "A set", "how": "How.", "scaling": "range", "quantile": 0.98}
    return {**words, "draws": 2, **dict.fromkeys(counts, 10), "rows": list(rows)}


def answer(name: str, **measures: float) -> dict:
    good = {key: asked for key, (asked, _) in ANSWERS.items()}
    beam = {"anomalies": 60, "fewer": 1, "search_1": 0.5, "beam_1": 0.6}
    rest = {"lfr_2": 0.7, "lfr_10": 1.0, "needed": {"10": 1, "2": 299}, "beam": beam}
    return {"detector": name, "anomalies": 300, **rest, **good, **measures}


def figures(*sets: dict, answers: tuple[dict, ...] = (), **more) -> dict:
    empty = {"held_back": 0.2, "interpreted": "nsl-kdd", "skipped": {}}
    return {**empty, "sets": list(sets), "answers": list(answers), **more}


SET = one_set(
    row("autoencoder", draw(0.97), draw(0.95, train_s=4.0)),
    row("vae", draw(0.93, distinct=0.99), draw(0.94, distinct=0.99), size=4096),
)


def test_first_of_each_row_is_the_one_that_counts():
    values = np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0], [0.0, 0.0], [3.0, 3.0]])
    assert first_of_each(values).tolist() == [True, True, False, False, True]


def test_repeats_count_on_all_rows_and_not_on_distinct_ones():
    scores = np.array([0.1, 0.2, 0.3, 0.9, 0.05, 0.05, 0.05])
    attack = np.array([False, False, False, True, True, True, True])
    kinds = np.array(["", "", "", "seen", "missed", "missed", "missed"], dtype=object)
    distinct = np.array([True, True, True, True, True, False, False])
    batch = TabularBatch.of_values(Schema.of_numbers("t", ["a"]), scores[:, None])
    found = figures_of(scores, Draw(batch, batch, attack, kinds, distinct), 0.5, events=True)
    assert found["all"]["roc_auc"] == pytest.approx(0.25)
    assert found["distinct"]["roc_auc"] == pytest.approx(0.5)
    assert found["all"]["recall"] == pytest.approx(0.25)
    assert found["distinct"]["recall"] == pytest.approx(0.5)
    assert found["recall_of"] == {"seen": 1.0, "missed": 0.0}
    assert found["events"] == {"found": 1, "of": 2}


def test_the_page_shows_means_spreads_and_multiples_of_the_autoencoder():
    text = section(figures(SET))
    assert "| `autoencoder` | all | **0.960** ± 0.014 |" in text
    assert "| `vae` | distinct | **0.990** ± 0.000 |" in text
    assert "| `vae` | 2.0 (0.67) | 1,000 (1) | 4 (2) |" in text
    assert "Highest ROC AUC: `autoencoder` 0.960, on distinct events `vae` 0.990." in text
    assert "| `vae` | 90.0% | 50.0% | 25.0% |" in text


def test_one_draw_has_no_spread():
    text = section(figures({**one_set(row("autoencoder", draw(0.97))), "draws": 1}))
    assert "| `autoencoder` | all | **0.970** |" in text
    assert "±" not in text


def test_the_best_detector_is_that_of_the_mean():
    assert best_of(SET) == ("autoencoder", pytest.approx(0.96))
    assert best_of(SET, part="distinct") == ("vae", pytest.approx(0.99))
    lucky = one_set(*SET["rows"], row("bigan", draw(0.999)))
    assert best_of(lucky) == best_of(SET)
    assert "| `bigan` (1 draw) | all |" in section(figures(lucky))


def test_what_is_absent_is_named():
    text = section(figures(skipped={"kdd99": "It is not here."}))
    assert "`kdd99` was skipped: It is not here." in text


def test_being_behind_the_published_number_needs_a_reason():
    rows = rows_of(figures(SET), {})
    assert unexplained(rows) == [("vae", "roc_auc")]
    reasons = {("vae", "roc_auc"): "Because."}
    rows = rows_of(figures(SET), reasons)
    assert unexplained(rows) == []
    assert needless(rows, reasons) == []
    assert needless(rows, {**reasons, ("vae", "best_f1"): "Was."}) == [("vae", "best_f1")]
    assert needless(rows, {("kitnet", "roc_auc"): "Gone."}) == [("kitnet", "roc_auc")]
    general = {("*", "roc_auc"): "Everywhere."}
    assert unexplained(rows_of(figures(SET), general)) == []
    assert needless(rows, general) == []
    assert needless(rows, general | reasons) == [("*", "roc_auc")]


def test_only_the_published_setting_is_compared_with_the_published_numbers():
    assert rows_of(figures(one_set(row("vae", draw(0.5)), key="nsl-kdd")), {}) == ()


def test_an_answer_that_falls_short_needs_a_reason():
    few = figures(answers=(answer("vae", verified=0.99), answer("pca", cpu_s_per_1000=2.1)))
    rows = rows_of(few, {})
    assert unexplained(rows) == [("vae", "verified"), ("pca", "cpu_s_per_1000")]
    text = section(few)
    assert "| `vae` | verified | 1.000 | 0.990 | **behind**. |" in text
    assert "Of 16 numbers that are asked of the search" in text
    assert "- `vae`: 2: 299, 10: 1" in text
    assert "| `vae` | 60 | 0.500 / 0.600 | 1 |" in text


def marked(what: str, old: str = "old") -> str:
    return f"Before <!-- figures: {what} -->{old}<!-- end --> after"


def test_pages_can_quote_the_best_detector_and_a_number_of_any():
    best = quoted(marked("best kdd99 distinct roc_auc"), results(), detectors=figures(SET))
    assert "-->`vae` (0.990)<!--" in best
    one = quoted(marked("detector kdd99 all vae f1"), results(), detectors=figures(SET))
    assert "-->0.900<!--" in one


@pytest.mark.parametrize(
    "mark", ["best absent all f1", "detector kdd99 all absent f1", "detector kdd99 all vae absent"]
)
def test_a_mark_that_asks_for_what_was_not_measured_is_refused(mark):
    with pytest.raises(InvalidParameterError, match="figures"):
        quoted(marked(mark), results(), detectors=figures(SET))
