"""Public data sets that measurements need: where they lie, and who publishes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.tasks import data_folder

__all__ = ["DATA_SETS", "DataSet", "missing"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Files below the data folder.

    Attributes:
        name: What it is called.
        publisher: Who publishes it, and what to cite.
        folder: Below the data folder.
        files: Below that.
    """

    name: str
    publisher: str
    folder: str
    files: tuple[str, ...]

    def missing(self) -> str | None:
        """A sentence that says what is not there and where to get it; None where all is."""
        place = data_folder() / self.folder
        absent = [file for file in self.files if not (place / file).exists()]
        if not absent:
            return None
        return (
            f"{self.name} is not here ({', '.join(absent)} below '{_shown(place)}'); get it from "
            f"{self.publisher}, and name the folder above with --data or DEEPAID_SHARED_DATA."
        )


def _shown(place: Path) -> str:
    """The folder's own name and the one above: enough to know it by, and no path of a machine."""
    return "/".join(place.parts[-2:])


def _series(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}{end}" for name in names for end in (".npz", ".interpretation_label.txt"))


DATA_SETS: Final[dict[str, DataSet]] = {
    "nsl_kdd": DataSet(
        "NSL-KDD",
        "the Canadian Institute for Cybersecurity (Tavallaee et al., CISDA 2009)",
        "nsl_kdd",
        ("Field Names.csv", "Attack Types.csv", "KDDTrain+_20Percent.txt.gz", "KDDTest+.txt.gz"),
    ),
    "kdd99": DataSet(
        "KDD'99, 18 numeric features",
        "the Cloudera Fast Forward Labs repository deepad (KDD Cup 1999, UCI)",
        "kdd99_deepad",
        ("val_inliers.csv.gz", "val_outliers.csv.gz"),
    ),
    "hdfs": DataSet(
        "HDFS log keys",
        "the DeepLog and DeepAID repositories (Xu et al., SOSP 2009; Du et al., CCS 2017)",
        "hdfs_deeplog",
        (
            "hdfs_train",
            "hdfs_test_abnormal.gz",
            "deepaid_test_normal.txt.gz",
            "deepaid_test_abnormal.txt.gz",
        ),
    ),
    "smd": DataSet(
        "Server Machine Dataset",
        "the OmniAnomaly repository of NetManAIOps (Su et al., KDD 2019)",
        "smd",
        _series(("machine-1-6", "machine-2-1", "machine-2-2")),
    ),
    "asd": DataSet(
        "Application Server Dataset",
        "the InterFusion repository (Li et al., KDD 2021)",
        "asd",
        _series(("omi-1", "omi-3", "omi-9", "omi-12")),
    ),
}
"""By key."""


def missing(*keys: str) -> str | None:
    """What of these data sets is absent, in sentences; None where all are there."""
    said = [text for key in keys if (text := DATA_SETS[key].missing()) is not None]
    return " ".join(said) or None
