"""Labelled data on which all detectors of feature vectors are compared.

Values are in original units, as the product reads them. Detectors learn from normal events only;
labels judge them afterwards. Every seed draws anew where there is something to draw.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.bench_detection import SAMPLES, packet_events
from benchmarks.tasks import SYMBOLIC, data_folder, nsl_categories
from deepaid_core.domain.batches import FloatArray, ObjectArray, TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.sources.captures import CaptureSource
from deepaid_core.workflow.train import default_quantile

__all__ = ["SETS", "DetectorSet", "Draw", "first_of_each"]

TRAIN_SHARE: Final = 0.8  # of the normal rows of KDD'99; the others are tested on
OUTLIER_SHARE: Final = 0.2  # of the rows of KDD'99 that are tested on
THIN: Final = 3  # every third packet is learned from, else the slowest detectors take an hour


@dataclass(frozen=True, eq=False, slots=True)
class Draw:
    """What one seed trains on and is judged by.

    Attributes:
        normal: Training events; detectors and thresholds see nothing else.
        test: Events to be judged.
        attack: (n,), which of them are attacks.
        categories: (n,), of the attacks, as text; "" for normal events.
        distinct: (n,), the first of each different event.
    """

    normal: TabularBatch
    test: TabularBatch
    attack: NDArray[np.bool_]
    categories: ObjectArray
    distinct: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """A data set.

    Attributes:
        key: Short name.
        title: In a heading.
        how: What is trained on and tested on, in sentences.
        seeds: Of draws and detectors.
        draw: Makes the draw of a seed.
        scaling: Of the columns, as the product scales such files; "" for each detector's own.
        quantile: Of held-back normal scores, the threshold: that of the product for such files.
        needs: Key of `benchmarks.data_sets.DATA_SETS`; "" for data of the repository.
    """

    key: str
    title: str
    how: str
    seeds: tuple[int, ...]
    draw: Callable[[int], Draw]
    scaling: str
    quantile: float
    needs: str = ""


def first_of_each(values: FloatArray) -> NDArray[np.bool_]:
    """The first of each different row, (n,)."""
    first = np.zeros(len(values), dtype=bool)
    first[np.unique(values, axis=0, return_index=True)[1]] = True
    return first


def kdd99(seed: int) -> Draw:
    """Four fifths of the inliers to train on; the others and a quarter as many outliers to test."""
    schema, inliers, outliers = _kdd99_rows()
    random = np.random.default_rng(seed)
    mixed = inliers[random.permutation(len(inliers))]
    split = round(TRAIN_SHARE * len(mixed))
    unseen = mixed[split:]
    count = round(len(unseen) * OUTLIER_SHARE / (1 - OUTLIER_SHARE))
    attacks = outliers[random.permutation(len(outliers))[:count]]
    values = np.concatenate([unseen, attacks])
    attack = np.arange(len(values)) >= len(unseen)
    return Draw(
        TabularBatch.of_values(schema, mixed[:split]),
        TabularBatch.of_values(schema, values),
        attack,
        np.where(attack, "outlier", "").astype(object),
        first_of_each(np.column_stack([values, attack])),
    )


def nsl_kdd(seed: int) -> Draw:
    """Normal rows of KDDTrain+_20Percent, in another order for each seed; KDDTest+ as it is."""
    schema, normal, test, categories = _nsl_kdd_rows()
    order = np.random.default_rng(seed).permutation(len(normal))
    attack = categories != ""
    return Draw(
        TabularBatch.of_values(schema, normal[order]),
        TabularBatch.of_values(schema, test),
        attack,
        categories,
        first_of_each(np.column_stack([test, attack])),
    )


def packets(seed: int) -> Draw:
    """The lab's captures in order of time; packets of benign unusual events are not judged."""
    del seed  # the last packets serve the threshold, so there is nothing to draw
    normal, mixed = (_capture(name) for name in ("train_benign", "eval"))
    normal = normal.take(np.arange(0, len(normal), THIN))
    number = packet_events(mixed.indices)
    with (SAMPLES / "network/labels.csv").open() as file:
        attacks = {
            int(row["event_id"]): row["type"]
            for row in csv.DictReader(file)
            if row["is_attack"] == "1"
        }
    judged = (number == 0) | np.isin(number, list(attacks))
    test = mixed.take(judged)
    categories = np.array([attacks.get(one, "") for one in number[judged].tolist()], dtype=object)
    return Draw(normal, test, categories != "", categories, first_of_each(test.values))


@cache
def _kdd99_rows() -> tuple[Schema, FloatArray, FloatArray]:
    folder = data_folder() / "kdd99_deepad"
    inliers, outliers = (
        pd.read_csv(folder / f"val_{part}.csv.gz").drop(columns="target")
        for part in ("inliers", "outliers")
    )
    schema = Schema("kdd99-18", tuple(_number(name, inliers[name]) for name in inliers))
    return schema, inliers.to_numpy(dtype=np.float64), outliers.to_numpy(dtype=np.float64)


@cache
def _nsl_kdd_rows() -> tuple[Schema, FloatArray, FloatArray, ObjectArray]:
    """Schema, normal training rows, test rows, and the categories of these."""
    folder = data_folder() / "nsl_kdd"
    names = [row[0] for row in csv.reader((folder / "Field Names.csv").read_text().splitlines())]
    train, test = (
        pd.read_csv(folder / f"{part}.txt.gz", names=[*names, "label", "difficulty"])
        for part in ("KDDTrain+_20Percent", "KDDTest+")
    )
    features: list[Feature] = []
    columns: list[tuple[FloatArray, FloatArray]] = []
    normal = train[train["label"] == "normal"]
    for name in names:
        if name not in SYMBOLIC:
            features.append(_number(name, pd.concat([train[name], test[name]])))
            columns.append((normal[name].to_numpy(float), test[name].to_numpy(float)))
            continue
        for one in sorted(train[name].unique()):
            column = f"{name}={one}"
            features.append(Feature(column, name, column, kind="category", low=0.0, high=1.0))
            columns.append(
                ((normal[name] == one).to_numpy(float), (test[name] == one).to_numpy(float))
            )
    known = nsl_categories()
    categories = ["" if one == "normal" else known[one] for one in test["label"]]
    sides = [np.stack(side, axis=1) for side in zip(*columns, strict=True)]
    return Schema("nsl-kdd", tuple(features)), *sides, np.array(categories, dtype=object)


def _number(name: str, values: "pd.Series[float]") -> Feature:
    """A column of counts or of rates, with the bounds that its name promises."""
    if "rate" in name:
        return Feature(name, name, name, low=0.0, high=1.0)
    return Feature(name, name, name, kind="integer", low=0.0)


@cache
def _capture(name: str) -> TabularBatch:
    source = CaptureSource(SAMPLES / f"network/{name}.pcap.gz")
    return TabularBatch.concatenate(list(source.batches()))


SETS: Final = (
    DetectorSet(
        "kdd99",
        "KDD'99, 18 numeric columns",
        "Trained on 80 % of the inliers, drawn anew for each seed; tested on the other 20 % and a "
        "quarter as many outliers, which makes an 80/20 mix.",
        (0, 1, 2),
        kdd99,
        "range",
        default_quantile("table"),
        needs="kdd99",
    ),
    DetectorSet(
        "nsl-kdd",
        "NSL-KDD, 41 fields",
        "Trained on the normal rows of KDDTrain+_20Percent, tested on KDDTest+ as it is: more than "
        "half of it are attacks, many of types that the training part does not have.",
        (0, 1, 2),
        nsl_kdd,
        "range",
        default_quantile("table"),
        needs="nsl_kdd",
    ),
    DetectorSet(
        "packets",
        "The lab's packets, 100 AfterImage columns",
        f"Trained on one of {THIN} packets of `train_benign.pcap.gz`, tested on `eval.pcap.gz`: "
        "attack packets against background; packets of benign unusual events are left out. An "
        "attack counts as found when at least 1 % of its packets are flagged.",
        (0,),
        packets,
        "",
        default_quantile("capture"),
    ),
)
"""In the order of the page."""
