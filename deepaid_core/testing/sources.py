"""What every source of events has to keep; one function a promise.

A source may name promises that it does not keep yet, with the reason, in `EXPECTED_FAILURES`:
`{"check_name": "why"}`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

import numpy as np

from deepaid_core.domain import codec
from deepaid_core.domain.batches import Batch
from deepaid_core.domain.settings import SourceSettings
from deepaid_core.errors import CancelledError, DeepAidError, InvalidParameterError
from deepaid_core.sources.base import Source
from deepaid_core.testing.planted_files import PlantedFile
from deepaid_core.testing.unchanged import assert_same_events

__all__ = ["CHECKS", "Check", "SourceCase"]


@dataclass(frozen=True, slots=True)
class SourceCase:
    """A kind of source and a file that it can read.

    Attributes:
        source: The class.
        file: The file.
        folder: Where checks may write.
    """

    source: type[Source[Any]]
    file: PlantedFile
    folder: Path

    def open(self, path: Path | None = None, **options: Any) -> Source[Any]:
        """The planted file, or another one read alike."""
        return self.source.open(path or self.file.path, self.file.settings, **options)

    def events(self, path: Path | None = None, size: int = 8192, **options: Any) -> Batch:
        """All events of a file."""
        return _joined(self.open(path, **options), size)


Check: TypeAlias = Callable[[SourceCase], None]


def check_batches_are_of_the_schema(case: SourceCase) -> None:
    source = case.open()
    schema = source.schema()
    batches = list(source.batches(40))
    assert len(batches) > 1
    for batch in batches:
        assert batch.modality is case.source.modality
        assert batch.schema == schema
        assert 0 < len(batch) <= 40
    assert schema == source.schema(), "reading changed the schema"
    assert len(_joined(source)) == case.file.events


def check_events_have_their_places(case: SourceCase) -> None:
    events = case.events()
    assert events.indices.dtype == np.int64
    assert len(set(events.indices.tolist())) == len(events), "two events have one position"
    assert (events.indices >= 0).all()
    assert (np.diff(events.indices) > 0).all(), "positions do not rise"
    assert np.isfinite(events.times).all()
    assert {type(entity) for entity in events.entities} == {str}
    assert "" not in events.entities, "an event is about nobody"


def check_reading_again_gives_the_same(case: SourceCase) -> None:
    source = case.open()
    first = _joined(source)
    assert_same_events(_joined(source), first)
    assert_same_events(case.events(), first)


def check_streaming_equals_reading_at_once(case: SourceCase) -> None:
    at_once = case.events()
    for size in (1, 7):
        assert_same_events(case.events(size=size), at_once)


def check_other_events_are_other_events(case: SourceCase) -> None:
    one, other = case.events(), case.events(case.file.other)
    name = one.arrays[0]
    assert not np.array_equal(getattr(one, name), getattr(other, name))
    assert case.open().fingerprint() != case.open(case.file.other).fingerprint()
    assert case.open().fingerprint() == case.open().fingerprint()


def check_rows_are_those_of_the_events(case: SourceCase) -> None:
    events = case.events()
    picked = events.take(np.arange(0, len(events), 11))
    positions, times, columns = case.open().rows(picked.indices)
    np.testing.assert_array_equal(positions, picked.indices)
    np.testing.assert_array_equal(times, picked.times)
    assert columns, "there is no raw column to show"
    for name, column in columns.items():
        assert len(column) == len(positions), f"'{name}' has {len(column)} values"
        if name in picked.context:
            np.testing.assert_array_equal(column, picked.context[name])


def check_evidence_holds_the_event_itself(case: SourceCase) -> None:
    events = case.events()
    picked = events.take(np.array([0, len(events) // 2, len(events) - 1]))
    raw = case.open().around(picked.indices, picked.entities)
    assert len(raw.near) == len(picked)
    assert (np.diff(raw.positions) > 0).all()
    for index, near in zip(picked.indices.tolist(), raw.near, strict=True):
        assert index in raw.positions[near]
        assert len(near) < 400, f"{len(near)} rows are no evidence, they are the file"
    assert all(len(column) == len(raw.positions) for column in raw.columns.values())


def check_what_the_detector_knows_is_kept(case: SourceCase) -> None:
    known = case.open().schema()
    source = case.open(case.file.other, known=known)
    assert source.schema() == known
    events = _joined(source)
    assert events.schema == known
    assert len(events) == case.file.events


def check_truth_is_never_read(case: SourceCase) -> None:
    if case.file.retold is not None:
        assert_same_events(case.events(case.file.retold), case.events())


def check_settings_survive_the_store(case: SourceCase) -> None:
    text = codec.dump(codec.SETTINGS, case.file.settings)
    assert codec.load(codec.SETTINGS, text) == case.file.settings


def check_settings_of_another_source_are_refused(case: SourceCase) -> None:
    others = [kind for kind in get_args(SourceSettings) if not isinstance(case.file.settings, kind)]
    for kind in others:
        # Without a value for what it requires; nobody should look that far.
        other = kind(**{f.name: _some_value(f.name) for f in fields(kind) if _is_required(f)})
        error = _error_of(partial(case.source.open, case.file.path, other))
        assert isinstance(error, InvalidParameterError), f"{kind.__name__}: {error!r}"
        assert str(error).endswith("."), f"'{error}' is no sentence"


def check_a_proposal_reads_the_file(case: SourceCase) -> None:
    kind: Any = type(case.file.settings)
    propose = getattr(case.source, "propose", None)
    # Without one, settings are taken as they are by default.
    proposed = kind() if propose is None else propose(case.file.path)
    assert type(proposed) is kind
    assert codec.load(codec.SETTINGS, codec.dump(codec.SETTINGS, proposed)) == proposed
    events = _joined(case.source.open(case.file.path, proposed))
    assert len(events) > case.file.events // 2
    if case.file.retold is not None:
        retold = _joined(case.source.open(case.file.retold, proposed))
        assert_same_events(retold, events)


def check_unreadable_files_are_told_in_one_sentence(case: SourceCase) -> None:
    files = {
        "missing": None,
        "empty": b"",
        "noise": np.random.default_rng(0).bytes(3000),
        "foreign": b'{"not": "events"}\n' * 50,
    }
    for name, content in files.items():
        path = case.folder / f"{name}-<b>{case.file.path.suffix}"
        if content is not None:
            path.write_bytes(content)
        error = _error_of(partial(case.events, path))
        assert isinstance(error, case.source.unreadable), f"a file that is {name}: {error!r}"
        assert path.name in str(error), f"'{error}' does not name the file"
        assert str(error).endswith("."), f"'{error}' is no sentence"


def check_batches_of_no_size_are_refused(case: SourceCase) -> None:
    error = _error_of(lambda: next(iter(case.open().batches(0))))
    assert isinstance(error, InvalidParameterError), f"batches of 0 events: {error!r}"


def check_can_be_cancelled(case: SourceCase) -> None:
    error = _error_of(partial(case.events, cancelled=lambda: True))
    assert isinstance(error, CancelledError), f"cancelled: {error!r}"


def check_reports_what_was_read(case: SourceCase) -> None:
    shares: list[float] = []
    source = case.open(progress=lambda share, message: shares.append(share))
    assert source.report.events == 0
    events = _joined(source, 40)
    report = source.report
    assert report.name == case.file.path.name
    assert report.events == len(events)
    assert report.seen >= report.events
    assert report.first_time == events.times.min()
    assert report.last_time == events.times.max()
    assert shares, "nothing was reported"
    assert min(shares) >= 0, "less than nothing was done"
    assert max(shares) <= 1, "more than all was done"


CHECKS: Final[tuple[Check, ...]] = (
    check_batches_are_of_the_schema,
    check_events_have_their_places,
    check_reading_again_gives_the_same,
    check_streaming_equals_reading_at_once,
    check_other_events_are_other_events,
    check_rows_are_those_of_the_events,
    check_evidence_holds_the_event_itself,
    check_what_the_detector_knows_is_kept,
    check_truth_is_never_read,
    check_settings_survive_the_store,
    check_settings_of_another_source_are_refused,
    check_a_proposal_reads_the_file,
    check_unreadable_files_are_told_in_one_sentence,
    check_batches_of_no_size_are_refused,
    check_can_be_cancelled,
    check_reports_what_was_read,
)
"""For every source."""


def _joined(source: Source[Any], size: int = 8192) -> Batch:
    batches: list[Batch] = list(source.batches(size))
    return type(batches[0]).concatenate(batches)


def _error_of(work: Callable[[], Any]) -> DeepAidError | None:
    try:
        work()
    except DeepAidError as error:
        return error
    return None


def _is_required(field: Any) -> bool:
    return "MISSING" in repr(field.default) and "MISSING" in repr(field.default_factory)


def _some_value(name: str) -> Any:
    return (name,) if name in ("columns", "numbers", "session") else "(?P<message>.*)"
