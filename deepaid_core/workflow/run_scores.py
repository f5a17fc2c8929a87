"""Scores of a run on disk: enough to say later what another threshold would have done.

A file holds at most a million events, 20 bytes each, whatever the length of the run: of more, the
half with the highest scores is kept whole - there the threshold lies - and of the rest an even
draw that stands for all of it. Of the columns 201 quantiles are kept, from at most 20,000 rows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from deepaid_core.domain.batches import Batch, FloatArray, SequenceBatch, SeriesBatch, TabularBatch
from deepaid_core.domain.detector_record import RunRecord
from deepaid_core.domain.detector_scores import RunScores
from deepaid_core.errors import ArtifactError
from deepaid_core.workflow.whole_files import write_whole
from deepaid_core.workspace import Workspace

__all__ = ["ScoreKeeper", "read_run_scores", "run_scores_path"]

_FORMAT: Final = "1"
_STEPS: Final = 201  # as many quantiles as the profile of the training events has
_MOST_EVENTS: Final = 1_000_000
_MOST_ROWS: Final = 20_000
_MOST_CELLS: Final = 4_000_000


def run_scores_path(workspace: Workspace, run_id: str) -> Path:
    """Where the scores of a run are, or would be."""
    return workspace.home / "runs" / f"{run_id}.safetensors"


class _Even:
    """An even draw of at most so many rows, from rows that arrive in parts."""

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._random = most, np.random.default_rng(seed)
        self._keys: list[FloatArray] = []
        self._rows: list[NDArray[Any]] = []
        self._held = 0

    def add(self, rows: NDArray[Any]) -> None:
        self._keys.append(self._random.random(len(rows)))
        self._rows.append(rows)
        self._held += len(rows)
        if self._held > 2 * self._most:
            self.rows()

    def rows(self) -> NDArray[Any]:
        """What is drawn of all rows so far, in the order of their arrival."""
        keys, rows = np.concatenate(self._keys), np.concatenate(self._rows)
        if len(rows) > self._most:
            # Those with the lowest keys: whoever is dropped now would be dropped at the end too.
            chosen = np.sort(np.argpartition(keys, self._most)[: self._most])
            keys, rows = keys[chosen], rows[chosen]
        self._keys, self._rows, self._held = [keys], [rows], len(rows)
        return rows


class ScoreKeeper:
    """Collects the scores of a run, in bounded memory.

    Args:
        most: Events to keep at most.
    """

    def __init__(self, *, most: int = _MOST_EVENTS) -> None:
        self._most = most
        self._events = 0
        self._paused = True
        self._parts: list[NDArray[Any]] = []
        self._held = 0
        self._random = np.random.default_rng(0)
        self._columns: _Even | None = None

    def add(self, events: Batch, scores: FloatArray) -> None:
        """Take the next events, with one score each."""
        part = np.empty(len(events), dtype=_EVENT)
        part["time"], part["score"] = events.times, scores
        # Names are not kept, only which events share one.
        names = np.asarray(events.entities, dtype=object).astype(str).astype(object)
        part["entity"] = pd.util.hash_array(names)
        part["key"] = self._random.random(len(events))
        self._parts.append(part)
        self._events += len(events)
        self._held += len(events)
        self._paused = not isinstance(events, SequenceBatch)
        if self._held > 2 * self._most:
            kept, _ = self._kept()
            self._parts, self._held = [kept], len(kept)
        match events:
            case TabularBatch():
                self._add_columns(events.values)
            case SeriesBatch():
                self._add_columns(events.values[:, -1])

    def save(
        self,
        workspace: Workspace,
        run: RunRecord,
        threshold: float,
        finding_scores: Sequence[float] = (),
    ) -> None:
        """Write the scores of a run, whole or not at all; an earlier file of it is replaced.

        Args:
            workspace: Where to.
            run: The run.
            threshold: The bound that it was made with.
            finding_scores: Highest score of each of its findings.

        Raises:
            WorkspaceError: The file cannot be written.
        """
        kept, whole = self._kept()
        order = np.argsort(kept["time"], kind="stable")
        kept, whole = kept[order], whole[order]
        tensors: dict[str, NDArray[Any]] = {
            "times": kept["time"].copy(),
            "scores": kept["score"].copy(),
            "entities": np.unique(kept["entity"], return_inverse=True)[1].astype(np.int32),
            "findings": np.sort(np.array(finding_scores, dtype=np.float64)),
        }
        if not whole.all():
            tensors["whole"] = whole.astype(np.uint8)
        sampled = 0
        if self._columns is not None:
            rows = self._columns.rows()
            sampled = len(rows)
            tensors["quantiles"] = np.quantile(rows, np.linspace(0, 1, _STEPS), axis=0)
        facts = {
            "format": _FORMAT,
            "run": run.id,
            "threshold": repr(float(threshold)),
            "events": str(self._events),
            "sampled": str(sampled),
            "paused": str(int(self._paused)),
        }
        content = save_tensors(
            {name: np.ascontiguousarray(values) for name, values in tensors.items()}, facts
        )
        write_whole(run_scores_path(workspace, run.id), content, "The scores of the run")

    def _add_columns(self, values: FloatArray) -> None:
        if self._columns is None:
            most = min(_MOST_ROWS, max(1000, _MOST_CELLS // max(1, values.shape[1])))
            self._columns = _Even(most, seed=1)
        self._columns.add(np.array(values))  # windows are views that would keep the series alive

    def _kept(self) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Events to keep, and which of them stand for themselves alone."""
        every = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=_EVENT)
        if len(every) <= self._most:
            return every, self._whole(every)
        high = self._most // 2
        order = np.argpartition(-every["score"], high)
        top, rest = order[:high], order[high:]
        drawn = rest[np.argpartition(every["key"][rest], self._most - high)[: self._most - high]]
        return every[np.concatenate([top, drawn])], np.arange(self._most) < high

    def _whole(self, every: NDArray[Any]) -> NDArray[np.bool_]:
        # Nothing was left out, or it was thinned before and the highest half is whole.
        whole = np.ones(len(every), dtype=bool)
        if self._events > len(every):
            whole[np.argsort(-every["score"], kind="stable")[self._most // 2 :]] = False
        return whole


_EVENT: Final = np.dtype([("time", "f8"), ("score", "f8"), ("entity", "u8"), ("key", "f8")])


def read_run_scores(workspace: Workspace, run: RunRecord) -> RunScores:
    """Scores of a run, as they were kept.

    Raises:
        ArtifactError: They were not kept, or their file is damaged; says so in a sentence.
    """
    path = run_scores_path(workspace, run.id)
    if not path.exists():
        raise ArtifactError(
            f"No scores are kept of run {run.id} over '{run.source_name}', which is of an earlier "
            "version; detect in the file again to keep them."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _checked(run, facts, tensors)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"The scores of run {run.id} over '{run.source_name}' cannot be read ({error}); "
            "detect in the file again to keep them anew."
        ) from error


def _checked(run: RunRecord, facts: dict[str, str], tensors: dict[str, Any]) -> RunScores:
    if facts.get("format") != _FORMAT:
        raise ValueError(f"format {facts.get('format')!r} is unknown")
    if facts["run"] != run.id:
        raise ValueError("it is of another run")
    times, scores, entities = (tensors[name] for name in ("times", "scores", "entities"))
    if not times.ndim == scores.ndim == entities.ndim == 1:
        raise ValueError("its columns are not flat")
    if not len(times) == len(scores) == len(entities):
        raise ValueError("its columns differ in length")
    quantiles = tensors.get("quantiles")
    if quantiles is not None and (quantiles.ndim != 2 or len(quantiles) != _STEPS):
        raise ValueError("its quantiles have another shape")
    findings = tensors["findings"]
    if findings.ndim != 1:
        raise ValueError("its columns are not flat")
    threshold = float(facts["threshold"])
    for values in (
        np.array(threshold),
        times,
        scores,
        findings,
        *(() if quantiles is None else (quantiles,)),
    ):
        if not np.isfinite(values).all():
            raise ValueError("a value is not finite")
    events = int(facts["events"])
    weights = np.ones(len(scores))
    if "whole" in tensors:
        drawn = tensors["whole"] == 0
        if len(drawn) != len(scores):
            raise ValueError("its columns differ in length")
        weights[drawn] = (events - int((~drawn).sum())) / max(1, int(drawn.sum()))
    elif events != len(scores):
        raise ValueError("events are missing")
    return RunScores(
        run_id=run.id,
        threshold=threshold,
        finding_scores=findings.astype(np.float64),
        source_name=run.source_name,
        finished_time=run.finished_time,
        events=events,
        seconds=max(0.0, run.last_time - run.first_time),
        times=times.astype(np.float64),
        scores=scores.astype(np.float64),
        entities=entities.astype(np.int64),
        weights=weights,
        quantiles=None if quantiles is None else quantiles.astype(np.float64),
        sampled=int(facts["sampled"]),
        paused=facts["paused"] == "1",
    )
