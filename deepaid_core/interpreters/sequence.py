"""The interpreter of log keys: which key has to be another one for the detector to accept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import PADDING, FloatArray, IntArray, SequenceBatch
from deepaid_core.domain.details import UNKNOWN_TEXT, Likely, NextKey, SequenceDetails
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.interpreters.base import Context, InterpretationList, Interpreter
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.key_search import HistorySearch, KeyPredictor

__all__ = ["KeySubstitutionInterpreter", "interpret_keys"]

_FIELD: Final = "position:"
_CHUNK: Final = 256  # windows between two looks at whether to stop


class KeySubstitutionInterpreter(Interpreter):
    """Replaces as few keys as possible until the flagged key is one that was to be expected.

    Keys of the history come first: where replacing up to three of them is enough, the likeliest
    such window is the reference, and every replacement of a single key is tried. Only where there
    is none, the flagged key itself is replaced by the likeliest key; that always helps and says
    little, so it stands beside the other answer, never before it.

    References:
        The question is that of Han et al., DeepAID, CCS 2021, https://arxiv.org/abs/2109.11495,
        which asks by a saliency test which side is wrong; trying every key needs no such test.
    """

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a detector that predicts keys, else the reason why not."""
        if detector.modality is not Modality.SEQUENCE:
            return f"it reads windows of log keys, the detector reads {detector.modality} events."
        if not isinstance(detector, KeyPredictor):
            return f"{type(detector).__name__} predicts no keys."
        return None

    def _interpret(
        self, anomalies: SequenceBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> InterpretationList:
        return interpret_keys(
            anomalies, context, progress, cancelled, name="key-substitution", search=HistorySearch
        )


# The tensors are small: several threads on one of them wait for each other more than they work.
@one_thread()
def interpret_keys(
    anomalies: SequenceBatch,
    context: Context,
    progress: Progress,
    cancelled: Cancelled,
    *,
    name: str,
    search: Callable[..., HistorySearch],
) -> InterpretationList:
    """Interpret windows by a search among their histories.

    Args:
        anomalies: Windows, all flagged.
        context: All that may be known.
        progress: Told the share done.
        cancelled: Asked between chunks.
        name: Registry name of the interpreter.
        search: Takes what `HistorySearch` takes.
    """
    different, inverse = np.unique(anomalies.keys, axis=0, return_inverse=True)
    found: list[Interpretation] = []
    history = _search(search, context, anomalies.keys.shape[1] - 1)
    for start in range(0, len(different), _CHUNK):
        stop_if(cancelled)
        chunk = _Chunk.of(different[start : start + _CHUNK], context, history, name)
        found += chunk.interpretations()
        done = len(found) / len(different)
        progress(done, f"Interpreted {len(found):,} of {len(different):,} different windows")
    items = tuple(
        _with_its_own_text(found[place], text)
        for place, text in zip(inverse.ravel().tolist(), _unseen(anomalies), strict=True)
    )
    return InterpretationList(
        interpreter=name,
        context=context,
        events=anomalies,
        items=items,
        scores=np.array([one.diagnostics.score for one in items]),
        reference_scores=np.array([one.diagnostics.reference_score for one in items]),
    )


def _search(search: Callable[..., HistorySearch], context: Context, length: int) -> HistorySearch:
    return search(
        context.detector,
        context.threshold.value,
        unknown=_vocabulary(context).unknown,
        locked=frozenset(
            place for place in range(length) if _name(place - length) in context.locked
        ),
        depth=context.max_deviations,
        deadline=Deadline.after(context.budget_ms),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Chunk:
    """Some different windows and all that is found out about them, in columns."""

    name: str
    context: Context
    detector: KeyPredictor
    search: HistorySearch
    windows: IntArray
    references: IntArray
    edits: IntArray
    stopped: NDArray[np.bool_]
    next_keys: IntArray
    after: FloatArray
    reference_after: FloatArray

    @classmethod
    def of(cls, windows: IntArray, context: Context, search: HistorySearch, name: str) -> "_Chunk":
        detector = context.detector
        assert isinstance(detector, KeyPredictor)  # noqa: S101  supports() saw to it
        edited = search.run(windows)
        after = detector.next_log_probabilities(windows[:, :-1])
        likeliest = after.argmax(axis=1)
        accepted = detector.scores_after(after, likeliest) <= context.threshold.value
        next_keys = np.where(accepted & (_name(0) not in context.locked), likeliest, PADDING)
        references = edited.windows.copy()
        replaced = (edited.edits == 0) & (next_keys != PADDING)
        references[replaced, -1] = next_keys[replaced]
        return cls(
            name=name,
            context=context,
            detector=detector,
            search=search,
            windows=windows,
            references=references,
            edits=edited.edits,
            stopped=edited.stopped,
            next_keys=next_keys,
            after=after,
            reference_after=detector.next_log_probabilities(references[:, :-1]),
        )

    def interpretations(self) -> list[Interpretation]:
        scores = self.detector.scores_after(self.after, self.windows[:, -1])
        reference_scores = self.detector.scores_after(self.reference_after, self.references[:, -1])
        orders, flips = self._steps(scores)
        plausibility = self.detector.plausibility(self.references)
        threshold = self.context.threshold.value
        details = self._details()
        return [
            Interpretation(
                interpreter=self.name,
                deviations=self._deviations(row, orders[row], float(scores[row]), flips[row]),
                observed=tuple(map(float, self.windows[row].tolist())),
                reference=tuple(map(float, self.references[row].tolist())),
                diagnostics=Diagnostics(
                    score=float(scores[row]),
                    threshold=threshold,
                    reference_score=float(reference_scores[row]),
                    verified=bool(reference_scores[row] <= threshold),
                    max_deviations=self.context.max_deviations,
                    deviations_needed=len(orders[row]),
                    plausibility=float(plausibility[row]) if orders[row] else None,
                    flip_scores=tuple(flips[row]),
                    seed=self.context.seed,
                    stopped_early=bool(self.stopped[row]),
                ),
                modality=Modality.SEQUENCE,
                details=details[row],
            )
            for row in range(len(self.windows))
        ]

    def _steps(self, scores: FloatArray) -> tuple[list[list[int]], list[list[float]]]:
        """Changed positions of each window, what helps most alone first; scores on the way."""
        changed = self.windows != self.references
        owners, places = np.nonzero(changed)
        alone = self.windows[owners]
        alone[np.arange(len(owners)), places] = self.references[owners, places]
        order = np.lexsort((places, self.search.scores(alone), owners))
        owners, places = owners[order], places[order]
        stages = self.windows[owners]
        orders: list[list[int]] = [[] for _ in range(len(self.windows))]
        for stage, (row, place) in enumerate(zip(owners.tolist(), places.tolist(), strict=True)):
            orders[row].append(place)
            stages[stage, orders[row]] = self.references[row, orders[row]]
        flips: list[list[float]] = [[] for _ in orders]
        for row, score in zip(owners.tolist(), self.search.scores(stages).tolist(), strict=True):
            flips[row].append(score)
        return orders, flips

    def _deviations(
        self, row: int, order: list[int], score: float, flips: list[float]
    ) -> tuple[Deviation, ...]:
        before = [score, *flips]
        falls = [max(before[i] - before[i + 1], 1e-12) for i in range(len(flips))]
        last = self.windows.shape[1] - 1
        return tuple(
            Deviation(
                field=_name(place - last),
                title=_title(place - last),
                direction="changed",
                size=1.0,
                weight=fall / sum(falls),
                cells=(
                    Cell(
                        name=_name(place - last),
                        title=_title(place - last),
                        unit="",
                        observed=self._text(int(self.windows[row, place])),
                        reference=self._text(int(self.references[row, place])),
                    ),
                ),
            )
            for place, fall in zip(order, falls, strict=True)
        )

    def _details(self) -> list[SequenceDetails]:
        top = self.detector.accepted_keys()
        likely = np.argsort(-self.after, axis=1, kind="stable")[:, :top]
        chance = np.exp(np.take_along_axis(self.after, likely, axis=1))
        observed = np.exp(self.detector.log_probability(self.after, self.windows[:, -1]))
        reference = np.exp(
            self.detector.log_probability(self.reference_after, self.references[:, -1])
        )
        next_scores = self.detector.scores_after(self.after, np.maximum(self.next_keys, 0))
        next_chance = np.exp(
            self.detector.log_probability(self.after, np.maximum(self.next_keys, 0))
        )
        return [
            SequenceDetails(
                observed=tuple(map(self._text, self.windows[row].tolist())),
                reference=tuple(map(self._text, self.references[row].tolist())),
                expected=tuple(
                    Likely(self._text(key), p)
                    for key, p in zip(likely[row].tolist(), chance[row].tolist(), strict=True)
                ),
                observed_probability=float(observed[row]),
                reference_probability=float(reference[row]),
                history_edits=int(self.edits[row]),
                next_key=None
                if key == PADDING
                else NextKey(self._text(key), float(next_scores[row]), float(next_chance[row])),
                top=top,
            )
            for row, key in enumerate(self.next_keys.tolist())
        ]

    def _text(self, key: int) -> str:
        if key == PADDING:
            return ""
        vocabulary = _vocabulary(self.context)
        return vocabulary.texts[key] if key < vocabulary.unknown else UNKNOWN_TEXT


def _unseen(anomalies: SequenceBatch) -> list[str]:
    """What the source calls each flagged line that has no key; empty for those that have one."""
    texts = anomalies.context.get("template")
    if texts is None:
        return [""] * len(anomalies)
    unknown = anomalies.keys[:, -1] == anomalies.schema.unknown
    return [
        str(text) if is_unknown else "" for text, is_unknown in zip(texts, unknown, strict=True)
    ]


def _with_its_own_text(one: Interpretation, text: str) -> Interpretation:
    """The interpretation with the words of a flagged line that no template knows.

    The detector sees but one unknown key; to an analyst, lines that it never saw differ.
    """
    if not text or not isinstance(one.details, SequenceDetails):
        return one
    deviations = tuple(
        replace(deviation, cells=(replace(deviation.cells[0], observed=text),))
        if deviation.field == _name(0)
        else deviation
        for deviation in one.deviations
    )
    observed = (*one.details.observed[:-1], text)
    return replace(one, deviations=deviations, details=replace(one.details, observed=observed))


def _vocabulary(context: Context) -> Vocabulary:
    schema = context.detector.fitted_schema
    assert isinstance(schema, Vocabulary)  # noqa: S101  sequences have no other schema
    return schema


def _name(offset: int) -> str:
    return f"{_FIELD}{offset}"


def _title(offset: int) -> str:
    if offset == 0:
        return "flagged line"
    return f"{-offset} line{'s' if offset < -1 else ''} before the flagged line"
