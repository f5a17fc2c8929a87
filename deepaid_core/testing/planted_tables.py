"""Made-up feature vectors whose guilty features are known."""

from typing import Final

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray, TabularBatch
from deepaid_core.domain.interpretation import Direction
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.testing.plants import Plant, Planted

__all__ = [
    "COLUMNS",
    "GUILTY",
    "normal_tables",
    "planted_anomalies",
    "planted_schema",
    "planted_tables",
]

COLUMNS: Final = 40
GUILTY: Final = 3
_KINDS: Final = ("a", "b", "c")
_CENTER: Final = 100.0
_FACTORS: Final = 4


def planted_schema() -> Schema:
    """Forty numbers, some whole and some bounded below, and one category of three columns."""
    numbers = (
        Feature(
            f"f{i:02d}",
            f"f{i:02d}",
            f"f{i:02d}",
            kind="integer" if _is_whole(i) else "number",
            low=_CENTER - 2.0 * float(_units()[i]) if _is_bounded(i) else None,
        )
        for i in range(COLUMNS)
    )
    kinds = (Feature(f"kind={k}", "kind", f"kind is {k}", kind="category") for k in _KINDS)
    return Schema("planted", (*numbers, *kinds))


def normal_tables(n: int, *, seed: int) -> TabularBatch:
    """Gaussian factors mixed into many columns, in units of very different size."""
    mixing = np.random.default_rng(11).normal(size=(_FACTORS, COLUMNS))
    random = np.random.default_rng(seed)
    factors = random.normal(size=(n, _FACTORS))
    numbers = factors @ mixing + 0.3 * random.normal(size=(n, COLUMNS))
    kinds = np.eye(len(_KINDS))[factors[:, : len(_KINDS)].argmax(axis=1)]
    return _batch(np.hstack([numbers * _units() + _CENTER, kinds]))


def planted_anomalies(
    n: int, *, seed: int, sign: float | None, guilty: int = GUILTY
) -> tuple[TabularBatch, IntArray]:
    """Normal events with some numbers moved far off.

    Args:
        n: How many.
        seed: Of events and choices.
        sign: 1 moves up, -1 down, None either way.
        guilty: How many numbers to move in each event.

    Returns:
        The anomalies, and (n, guilty) positions of what was moved.
    """
    events = normal_tables(n, seed=seed)
    random = np.random.default_rng(seed + 1)
    free = np.array([i for i in range(COLUMNS) if not _is_bounded(i)])
    where = np.array([random.choice(free, guilty, replace=False) for _ in range(n)])
    signs = random.choice([-1.0, 1.0], (n, guilty)) if sign is None else np.full((n, guilty), sign)
    values = events.values.copy()
    spread = normal_tables(2000, seed=5).values.std(axis=0)
    rows = np.arange(n)[:, None]
    values[rows, where] += signs * random.uniform(8, 12, (n, guilty)) * spread[where]
    return _batch(values), where


def planted_tables() -> Planted:
    """Normal feature vectors, and ones with three numbers too high, or too low."""
    schema = planted_schema()
    return Planted(
        normal=normal_tables(3000, seed=1),
        fresh=normal_tables(1000, seed=9),
        plants=(
            _plant(schema, "three features up", sign=1.0, direction="up"),
            _plant(schema, "three features down", sign=-1.0, direction="down"),
        ),
        parts=tuple(one.name for one in schema.fields),
    )


def _plant(schema: Schema, name: str, *, sign: float, direction: Direction) -> Plant:
    n, seed = 60, 30 + int(sign)
    events, where = planted_anomalies(n, seed=seed, sign=sign)
    return Plant(
        name=name,
        events=events,
        originals=normal_tables(n, seed=seed),
        guilty=tuple(frozenset(schema.features[i].field for i in row) for row in where.tolist()),
        direction=direction,
    )


def _batch(values: FloatArray) -> TabularBatch:
    whole = np.array([_is_whole(i) for i in range(COLUMNS)] + [False] * len(_KINDS))
    bounded = np.array([_is_bounded(i) for i in range(COLUMNS)])
    values[:, whole] = np.rint(values[:, whole])
    numbers = values[:, :COLUMNS]
    low = _CENTER - 2.0 * _units()
    numbers[:, bounded] = np.maximum(numbers[:, bounded], low[bounded])
    return TabularBatch.of_values(planted_schema(), values)


def _units() -> FloatArray:
    units: FloatArray = 10.0 ** np.linspace(-2, 4, COLUMNS)
    return units


def _is_whole(column: int) -> bool:
    # Among the larger units only: rounding must not be coarser than the noise.
    return column > COLUMNS // 2 and column % 5 == 4


def _is_bounded(column: int) -> bool:
    return column % 5 == 2
