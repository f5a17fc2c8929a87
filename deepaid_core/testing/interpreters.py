"""What every interpreter has to keep with every detector it supports; one function a promise.

An interpreter may name quick parameters in `CHECK_PARAMS`, other values of all its parameters in
`CHECK_ALTERNATIVES`, and promises that it does not keep, with the reason, in `EXPECTED_FAILURES`:
`{"check_name": "why"}`.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any, Final, TypeAlias

import numpy as np

from deepaid_core.distiller.states import PATH_LIMIT
from deepaid_core.distiller.symbolizers import describe_state, path_of
from deepaid_core.domain import codec
from deepaid_core.domain.batches import SeriesBatch, TabularBatch
from deepaid_core.domain.details import LinkDetails, SequenceDetails
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import CancelledError
from deepaid_core.interpreters.stored import reference_events
from deepaid_core.registry import INTERPRETERS
from deepaid_core.testing.answers import ANSWER_CHECKS
from deepaid_core.testing.mixtures import changed_parts, mixed_events
from deepaid_core.testing.pairs import Pair
from deepaid_core.testing.unchanged import nothing_changes

__all__ = ["CHECKS", "Check"]

Check: TypeAlias = Callable[[Pair], None]


def check_reports_at_most_max_deviations(pair: Pair) -> None:
    events = pair.some()
    for most in (1, 2):
        for one in pair.interpret(events, max_deviations=most):
            assert len(one.deviations) <= most
            assert one.diagnostics.max_deviations == most
            assert len(changed_parts(one, events)) <= most


def check_weights_are_shares(pair: Pair) -> None:
    for found in pair.found():
        for one in found.items:
            weights = [deviation.weight for deviation in one.deviations]
            assert min(weights) >= 0
            np.testing.assert_allclose(sum(weights), 1.0, atol=1e-9)


def check_shown_deviations_are_all_that_differs(pair: Pair) -> None:
    for found in pair.found():
        for one in found.items:
            shown = [deviation.field for deviation in one.deviations]
            assert len(set(shown)) == len(shown), f"named twice: {shown}"
            assert changed_parts(one, found.plant.events) == set(shown)


def check_reference_stays_inside_the_schema(pair: Pair) -> None:
    schema = pair.one.detector.fitted_schema
    if not isinstance(schema, Schema):
        return
    low, high = (
        np.array([fallback if bound is None else bound for bound in bounds])
        for fallback, bounds in (
            (-np.inf, [feature.low for feature in schema.features]),
            (np.inf, [feature.high for feature in schema.features]),
        )
    )
    kinds = np.array([feature.kind for feature in schema.features])
    for found in pair.found():
        references: Any = reference_events(found.items, schema)
        steps = references.values.reshape(-1, len(schema))
        assert (steps >= low).all(), "a reference lies below a bound"
        assert (steps <= high).all(), "a reference lies above a bound"
        whole = steps[:, kinds == "integer"]
        np.testing.assert_array_equal(whole, np.rint(whole))
        for field in schema.fields:
            if kinds[field.columns[0]] == "category":
                group = steps[:, list(field.columns)]
                assert set(np.unique(group)) <= {0.0, 1.0}, f"'{field.name}' is half chosen"
                np.testing.assert_array_equal(group.sum(axis=1), 1.0)


def check_proof_is_the_score_of_what_is_shown(pair: Pair) -> None:
    detector, threshold = pair.one.detector, pair.one.threshold
    for found in pair.found():
        again = detector.score(reference_events(found.items, detector.fitted_schema))
        scores = detector.score(found.plant.events)
        accepted = []
        for row, one in enumerate(found.items):
            proof = one.diagnostics
            assert proof.threshold == threshold.value
            np.testing.assert_allclose(proof.score, scores[row], rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(proof.reference_score, again[row], rtol=1e-5, atol=1e-6)
            assert proof.verified == (again[row] <= threshold.value)
            assert proof.verified == bool(found.interpretations.verified[row])
            accepted.append(proof.verified)
        share = np.mean(accepted)
        assert share >= 0.9, f"'{found.plant.name}': {share:.0%} of the references are accepted"


def check_flip_scores_are_those_of_the_steps(pair: Pair) -> None:
    for found in pair.found():
        some = found.items[:8]
        for one in some:
            fields = [deviation.field for deviation in one.deviations]
            assert len(one.diagnostics.flip_scores) == len(fields)
            steps = [fields[: place + 1] for place in range(len(fields))]
            events = mixed_events([one] * len(steps), steps, found.plant.events)
            scores = pair.one.detector.score(events)
            # The search may have stepped in 32 bits.
            np.testing.assert_allclose(
                one.diagnostics.flip_scores, scores, rtol=1e-2, atol=1e-2 * one.diagnostics.score
            )


def check_no_shown_deviation_can_be_left_out(pair: Pair) -> None:
    margin = pair.one.threshold.margin
    for found in pair.found():
        for one in found.items[:20]:
            fields = [deviation.field for deviation in one.deviations]
            if not one.diagnostics.verified or len(fields) < 2:
                continue
            rests = [[field for field in fields if field != gone] for gone in fields]
            events = mixed_events([one] * len(rests), rests, found.plant.events)
            scores = pair.one.detector.score(events)
            assert (scores > pair.one.threshold.value - margin).all(), f"{fields}: {scores}"


def check_needed_deviations_are_told(pair: Pair) -> None:
    for found in pair.found():
        for one in found.items:
            if one.diagnostics.verified:
                assert 1 <= one.diagnostics.deviations_needed <= len(one.deviations)
    for one in pair.interpret(pair.some(), max_deviations=1):
        if not one.diagnostics.verified:
            assert one.diagnostics.deviations_needed != 1


def check_values_are_in_original_units(pair: Pair) -> None:
    for found in pair.found():
        events: Any = found.plant.events
        for row, one in enumerate(found.items):
            assert one.modality is pair.detector.modality
            if isinstance(events, (TabularBatch, SeriesBatch)):
                np.testing.assert_array_equal(one.observed, events.values[row].ravel())
            sides = (one.observed, one.reference)
            texts: tuple[set[Any], set[Any]] = (set(), set())
            if isinstance(one.details, (SequenceDetails, LinkDetails)):
                texts = (set(one.details.observed), set(one.details.reference))
            for cell in (cell for deviation in one.deviations for cell in deviation.cells):
                assert cell.title, f"'{cell.name}' has no title"
                for value, numbers, words in zip(
                    (cell.observed, cell.reference), sides, texts, strict=True
                ):
                    if isinstance(value, float):
                        assert value in numbers, f"{value} is not in the event"
                    elif words:
                        assert value in words, f"'{value}' is not in the event"


def check_the_same_input_gives_the_same_answer(pair: Pair) -> None:
    events = pair.some(6)
    first = pair.interpret(events)
    assert repr(pair.interpret(events)) == repr(first)
    for row in range(0, len(events), 5):
        (alone,) = pair.interpret(events.take(np.array([row])))
        assert changed_parts(alone, events) == changed_parts(first[row], events)
        np.testing.assert_allclose(alone.reference, first[row].reference, rtol=1e-4, atol=1e-6)


def check_detector_and_anomalies_stay_as_they_were(pair: Pair) -> None:
    events = pair.some(6)
    with nothing_changes(pair.one.detector, events):
        pair.interpret(events)


def check_nothing_is_left_behind_by_an_exception(pair: Pair) -> None:
    events = pair.some(6)

    def fail(share: float, message: str) -> None:
        raise InterruptedError(message)

    with nothing_changes(pair.one.detector, events):
        try:
            pair.make().interpret(events, pair.context(), progress=fail)
        except InterruptedError:
            return
        raise AssertionError("progress was never reported")


def check_can_be_cancelled(pair: Pair) -> None:
    with nothing_changes(pair.one.detector):
        try:
            pair.make().interpret(pair.some(6), pair.context(), cancelled=lambda: True)
        except CancelledError:
            return
        raise AssertionError("it went on")


def check_nothing_to_interpret_gives_nothing(pair: Pair) -> None:
    events = pair.some(1)
    assert pair.interpret(events.take(np.zeros(len(events), dtype=bool))) == ()


def check_locked_parts_never_change(pair: Pair) -> None:
    for found in pair.found()[:3]:
        locked = found.plant.guilty[0]
        events = found.plant.events.take(np.arange(min(8, len(found.items))))
        for one in pair.interpret(events, locked=locked):
            assert not changed_parts(one, events) & locked
            assert not locked & {deviation.field for deviation in one.deviations}


def check_survives_the_store(pair: Pair) -> None:
    for found in pair.found():
        for one in found.items[:10]:
            text = codec.dump(codec.INTERPRETATION, one)
            assert repr(codec.load(codec.INTERPRETATION, text)) == repr(one)
            target = f"{pair.interpreter.__module__}:{pair.interpreter.__qualname__}"
            assert INTERPRETERS.get(one.interpreter, target) == target, one.interpreter


def check_gives_a_path_that_can_be_told(pair: Pair) -> None:
    for found in pair.found():
        titles = {one.field: one.title for item in found.items for one in item.deviations}
        for one in found.items:
            path = path_of(one)
            assert len(path) == min(PATH_LIMIT, max(1, len(one.deviations)))
            for state in path:
                words = describe_state(state, titles)
                assert words, f"{state} has no words"
                assert words != state, f"{state} has no words"


def check_every_parameter_matters(pair: Pair) -> None:
    alternatives: dict[str, Any] = getattr(pair.interpreter, "CHECK_ALTERNATIVES", {})
    own = set(signature(pair.interpreter).parameters)
    assert own == set(alternatives), "name another value of each parameter in CHECK_ALTERNATIVES"
    events = pair.some(6)
    before = repr(pair.interpret(events))
    for name, value in alternatives.items():
        other = pair.make(**{name: value}).interpret(events, pair.context())
        assert repr(tuple(other)) != before, f"'{name}' has no effect"


CHECKS: Final[tuple[Check, ...]] = (
    *ANSWER_CHECKS,
    check_reports_at_most_max_deviations,
    check_weights_are_shares,
    check_shown_deviations_are_all_that_differs,
    check_reference_stays_inside_the_schema,
    check_proof_is_the_score_of_what_is_shown,
    check_flip_scores_are_those_of_the_steps,
    check_no_shown_deviation_can_be_left_out,
    check_needed_deviations_are_told,
    check_values_are_in_original_units,
    check_the_same_input_gives_the_same_answer,
    check_detector_and_anomalies_stay_as_they_were,
    check_nothing_is_left_behind_by_an_exception,
    check_can_be_cancelled,
    check_nothing_to_interpret_gives_nothing,
    check_locked_parts_never_change,
    check_survives_the_store,
    check_gives_a_path_that_can_be_told,
    check_every_parameter_matters,
)
"""For every detector and interpreter that understand each other."""
