"""Lines that no template knows share one key, but an analyst reads what each of them says."""

import numpy as np
import pytest

from deepaid_core.distiller.symbolizers import path_of
from deepaid_core.domain.details import NOT_SEEN
from deepaid_core.interpreters.base import Context
from deepaid_core.registry import INTERPRETERS, load
from deepaid_core.sources.logs import LogSource
from deepaid_core.workflow.train import TrainingPlan, learn

NORMAL = ("Accepted key for ana", "session opened for user ana", "session closed for user ana")
STRANGE = ("kernel panic at noon", "disk <b>full")


def write(path, sessions):
    lines = [
        f"2026-11-22T05:{number // 60 % 60:02}:{number % 60:02}+00:00 web01 sshd[{pid}]: {message}"
        for number, (pid, message) in enumerate(sessions)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    normal = write(folder / "normal.log", [(p, m) for p in range(100, 400) for m in NORMAL])
    plan = TrainingPlan(
        source_kind="log",
        settings=LogSource.propose(normal),
        hyperparameters={"epochs": 4, "top": 2, "width": 16},
    )
    trained = learn(normal, name="ssh", plan=plan)
    mixed = write(
        folder / "mixed.log",
        [(p, m) for p, odd in enumerate(STRANGE, 900) for m in (NORMAL[0], NORMAL[1], odd)],
    )
    source = LogSource.open(mixed, trained.source_settings, known=trained.detector.fitted_schema)
    (events,) = source.batches()
    odd = events.take(np.array([NOT_SEEN in text for text in events.context["template"]]))
    context = Context(trained.detector, trained.threshold, None)
    return load(INTERPRETERS, "key-substitution")().interpret(odd, context)


def test_each_unseen_line_is_shown_in_its_own_words(interpreted):
    shown = [one.deviations[0].cells[0].observed for one in interpreted]
    assert shown == [f"sshd: {text}{NOT_SEEN}" for text in STRANGE]
    assert [one.details.observed[-1] for one in interpreted] == shown


def test_different_unseen_lines_are_different_patterns(interpreted):
    assert len({path_of(one) for one in interpreted}) == len(STRANGE)


def test_their_proof_is_that_of_the_unknown_key(interpreted):
    assert len({one.observed[-1] for one in interpreted}) == 1
    assert all(one.diagnostics.verified for one in interpreted)
