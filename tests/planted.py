"""Made-up feature vectors whose guilty features are known."""

import numpy as np

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.schema import Schema

COLUMNS = 40
GUILTY = 3


def planted_schema(columns: int = COLUMNS) -> Schema:
    return Schema.of_numbers("planted", [f"f{i:02d}" for i in range(columns)])


def normal_events(n: int, *, seed: int, schema: Schema | None = None) -> TabularBatch:
    """Gaussian factors mixed into many columns, in units of very different size."""
    schema = schema or planted_schema()
    mixing = np.random.default_rng(11).normal(size=(4, len(schema)))
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 4)) @ mixing + 0.3 * random.normal(size=(n, len(schema)))
    return TabularBatch.of_values(schema, values * units(len(schema)) + 100.0)


def units(columns: int) -> FloatArray:
    return 10.0 ** np.linspace(-2, 4, columns)


def planted_anomalies(
    n: int, *, seed: int, sign: float | None, guilty: int = GUILTY
) -> tuple[TabularBatch, np.ndarray]:
    """Normal events with some features moved far off; returns them and (n, guilty) positions.

    sign 1 moves features up only, -1 down only, None either way.
    """
    events = normal_events(n, seed=seed)
    random = np.random.default_rng(seed + 1)
    d = len(events.schema)
    where = np.array([random.choice(d, guilty, replace=False) for _ in range(n)])
    signs = random.choice([-1.0, 1.0], (n, guilty)) if sign is None else np.full((n, guilty), sign)
    values = events.values.copy()
    spread = normal_events(2000, seed=5).values.std(axis=0)
    rows = np.arange(n)[:, None]
    values[rows, where] += signs * random.uniform(8, 12, (n, guilty)) * spread[where]
    return TabularBatch.of_values(events.schema, values), where


def planted_detector(epochs: int = 40) -> TrainedDetector:
    return train_detector(
        normal_events(3000, seed=1),
        lambda: AutoencoderDetector(epochs=epochs, batch_size=64, bottleneck=0.2),
        name="planted",
        kind="autoencoder",
        trained_on="planted",
        trained_on_sha256="0" * 64,
        quantile=0.99,
        profile_size=800,
    )
