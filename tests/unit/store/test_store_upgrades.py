"""Databases of earlier versions open, with all that was in them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine, text

import deepaid_core.store
from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewRestore, NewSetting, NewUndo
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.settings import CaptureSettings
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.errors import StaleWriteError
from deepaid_core.store.sql import open_store
from deepaid_core.store.tables import SCHEMA_VERSION, VERSION_TABLE
from tests.factories import make_suppression

MIGRATIONS = Path(deepaid_core.store.__file__).parent / "migrations"
DATABASES = Path(__file__).parents[2] / "data" / "databases"
EARLIER = sorted(path.stem for path in DATABASES.glob("*.sql"))


def _earlier(name, folder):
    path = folder / "findings.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATABASES / f"{name}.sql").read_text(encoding="utf-8"))
        (version,) = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
    assert version == name
    return path


@pytest.fixture(params=EARLIER)
def earlier(request, tmp_path):
    """A database as that version left it, made by `tests/data/databases/make.py` back then."""
    return _earlier(request.param, tmp_path)


def test_a_database_of_every_earlier_version_is_kept():
    steps = {step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    assert steps - {SCHEMA_VERSION} == set(EARLIER) - {SCHEMA_VERSION}


def test_an_earlier_database_is_brought_up_to_date_once(earlier):
    for _ in range(2):
        open_store(earlier).close()
        with closing(sqlite3.connect(earlier)) as connection:
            (version,) = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        assert version == SCHEMA_VERSION


def test_detectors_of_an_earlier_database_read_captures(earlier):
    store = open_store(earlier)
    (detector,) = store.detectors()
    assert (detector.id, detector.name, detector.modality) == (
        "D-5f0c2a91be",
        "packets",
        Modality.TABULAR,
    )
    assert detector.source_kind == "capture"
    assert detector.source_settings == CaptureSettings()
    store.close()


def test_findings_of_an_earlier_database_are_whole(earlier):
    store = open_store(earlier)
    ids = store.ids(FindingQuery())
    assert len(ids) == 3
    for finding in map(store.finding, ids):
        shown = finding.interpretation
        assert shown.modality is Modality.TABULAR
        assert shown.details is None
        assert shown.deviations
        assert shown.diagnostics.score == finding.max_score
        assert len(finding.member_indices) == finding.event_count == 4
        assert len(finding.evidence) == 4
    (run,) = store.runs()
    assert (run.events, run.findings, len(run.volume)) == (3000, 3, 15)
    store.close()


def test_verdicts_of_an_earlier_database_still_count_and_can_be_undone(earlier):
    store = open_store(earlier)
    line = store.log()[0]
    decided = line.entry
    assert isinstance(decided, NewVerdict)
    assert (decided.category, line.time) == ("backup-job", 1_760_000_000.0)
    (judged,) = decided.finding_ids
    assert store.row(judged).verdict is not None
    store.append([NewUndo(line.number, "ben")])
    assert store.row(judged).verdict is None
    store.close()


def test_undos_of_an_earlier_database_stay_undone_and_can_be_put_back(tmp_path):
    path = _earlier("0002", tmp_path)
    store = open_store(path)
    assert [line.entry for line in store.log(after=3)][:2] == [
        NewUndo(2, "ben", "Looked again: “ü”.\x00"),
        NewUndo(3, "ana"),
    ]
    shown = {one.number: one.undone_by for one in store.verdicts()}
    assert shown == {6: None, 3: 5, 2: 4, 1: None}
    first, second = store.verdicts()[0].decision.finding_ids
    assert [store.row(one).verdict_number for one in (first, second)] == [6, 6]
    with pytest.raises(StaleWriteError, match="already undone by ben"):
        store.append([NewUndo(2, "ana")])
    store.append([NewUndo(6, "ana"), NewRestore(3, "ana")])
    assert [store.row(one).verdict_number for one in (first, second)] == [3, None]
    store.append([NewUndo(3, "ana"), NewRestore(2, "ana")])
    assert [store.row(one).verdict_number for one in (first, second)] == [2, 2]
    assert store.protected() == {store.row(first).pattern_id, store.row(second).pattern_id}
    store.close()


def test_findings_of_an_earlier_database_can_be_suppressed(earlier):
    store = open_store(earlier)
    judged = store.log()[0].entry.finding_ids[0]
    none = NewSetting("resurfaced_share", "0", "ana")
    store.append([none, make_suppression(store.finding(judged)), NewUndo(1, "ben")])
    assert store.row(judged).status is Status.SUPPRESSED
    assert store.row(judged).suppression_number == store.log()[-2].number
    store.close()


def test_the_first_step_and_then_the_others_keep_a_detector(database):
    engine = create_engine(database, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO detectors (id, name, kind, modality, threshold, threshold_method, "
                "sha256, artifact, trained_on, training_events, created_time) VALUES "
                "('D-1', 'packets', 'autoencoder', 'tabular', 0.25, 'quantile', 'ab', 'packets-1', "
                "'monday.pcap', 50000, 1.5)"
            )
        )
    store = open_store(database)
    (detector,) = store.detectors()
    assert (detector.id, detector.threshold, detector.training_events) == ("D-1", 0.25, 50_000)
    assert (detector.source_kind, detector.source_settings) == ("capture", CaptureSettings())
    store.close()
