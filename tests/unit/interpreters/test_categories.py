"""Categories of tables in an interpretation: one deviation, in words, and never an unseen one."""

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.trained import train_detector
from deepaid_core.distiller.symbolizers import path_of
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.domain.settings import TableSettings
from deepaid_core.figures.words import short
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.sources.tables import TableSource
from deepaid_core.workflow.findings import _paths
from tests.unit.sources.table_files import CATEGORIES as TABLE_CATEGORIES
from tests.unit.sources.table_files import NUMBERS as TABLE_NUMBERS
from tests.unit.sources.table_files import connections_csv

TABLE = TableSettings(
    numbers=TABLE_NUMBERS, categories=TABLE_CATEGORIES, time="time", entity="host"
)
SERVICES = ("http", "smtp", "(other)")
NUMBERS = ("bytes", "packets", "seconds", "flags", "gaps")
SCHEMA = Schema(
    "table",
    (
        *(Feature(name, name, name) for name in NUMBERS),
        *(
            Feature(f"service={name}", "service", f"service: {name}", kind="category")
            for name in SERVICES
        ),
    ),
    (("service", "service"),),
)


def events(n, *, seed, swapped=False):
    """http has many bytes, smtp few; swapped the other way round."""
    random = np.random.default_rng(seed)
    service = random.integers(0, 2, n)
    heavy = service == (1 if swapped else 0)
    values = np.zeros((n, len(SCHEMA)))
    for place in range(len(NUMBERS)):
        typical = np.where(heavy, 1000.0, 10.0) if place % 2 else np.where(heavy, 3.0, 80.0)
        values[:, place] = typical * random.lognormal(0, 0.05, n)
    values[np.arange(n), len(NUMBERS) + service] = 1.0
    return TabularBatch.of_values(SCHEMA, values)


@pytest.fixture(scope="module")
def interpreted():
    trained = train_detector(
        events(1500, seed=1),
        lambda: AutoencoderDetector(epochs=25, batch_size=64),
        name="services",
        kind="autoencoder",
        trained_on="planted",
        trained_on_sha256="0" * 64,
        quantile=0.99,
    )
    swapped = events(100, seed=2, swapped=True)
    context = Context(trained.detector, trained.threshold, trained.profile)
    anomalies = swapped.take(trained.threshold.flag(trained.detector.score(swapped)))
    assert len(anomalies) > 90
    return GreedyTabularInterpreter().interpret(anomalies, context)


def test_a_category_is_tried_even_where_the_slope_promises_more_elsewhere(tmp_path):
    # Scaled by its range, the slope towards another service is outdone by that of six numbers.
    normal = TableSource.open(connections_csv(tmp_path / "normal.csv", 1500, seed=1), TABLE)
    trained = train_detector(
        TabularBatch.concatenate(list(normal.batches())),
        lambda: AutoencoderDetector(epochs=40, batch_size=64, scaling="range"),
        name="connections",
        kind="autoencoder",
        trained_on="planted",
        trained_on_sha256="0" * 64,
        quantile=0.98,
    )
    schema = trained.detector.fitted_schema
    monday = connections_csv(tmp_path / "monday.csv", 400, seed=2, attacks=30)
    read = TabularBatch.concatenate(list(TableSource.open(monday, TABLE, known=schema).batches()))
    found = GreedyTabularInterpreter().interpret(
        read.take(np.arange(370, 400)), Context.of(trained)
    )
    names = [one.name for one in schema.fields]
    assert {tuple(names[at] for at in row if at >= 0) for row in found.fields} == {("service",)}


def test_a_swapped_category_is_one_deviation_in_words(interpreted):
    named = [one.deviations[0] for one in interpreted if one.deviations[0].field == "service"]
    assert len(named) > 0.9 * len(interpreted)
    for deviation in named:
        (cell,) = deviation.cells
        assert {cell.observed, cell.reference} == {"http", "smtp"}
        assert deviation.direction == "changed"


def test_the_summary_says_both_categories(interpreted):
    one = next(one for one in interpreted if one.deviations[0].field == "service")
    cell = one.deviations[0].cells[0]
    assert short(one).startswith(f"service: {cell.observed} instead of {cell.reference}")


def test_no_reference_takes_a_category_that_training_never_showed(interpreted):
    assert not interpreted.references[:, -1].any()
    assert (interpreted.references[:, len(NUMBERS) :].sum(axis=1) == 1.0).all()


def test_paths_in_bulk_are_those_of_the_stored_interpretations(interpreted):
    assert _paths(interpreted) == [path_of(one) for one in interpreted]
