"""Methods for log keys and for series, as rows of the comparison."""

from typing import Any

from benchmarks.series_causes import MACHINES, SERVERS, measure_causes

__all__ = ["sequences", "series"]

SETS = {
    "smd": ("Server Machine Dataset, metrics that caused an anomaly", MACHINES),
    "asd": ("Application Server Dataset, metrics that caused an anomaly", SERVERS),
}


def sequences(key: str, limit: int) -> dict[str, Any] | None:
    """Key substitution, the paper's search and brute force on windows of HDFS."""
    return None


def series(key: str) -> dict[str, Any]:
    """Rankings of metrics on labelled segments of public series, each named with its truth."""
    title, names = SETS[key]
    causes = measure_causes(names)
    ours = "greedy-cells"
    order = [ours, *(name for name in causes.rankings if name != ours)]
    print(f"  {key}: {', '.join(order)} ({causes.segments} segments)", flush=True)
    return {
        "key": key,
        "title": title,
        "ours": ours,
        "anomalies": causes.segments,
        "methods": [
            {
                "method": name,
                "n": causes.segments,
                "measures": dict(
                    zip(
                        ("hit_100", "hit_150", "ndcg_5"),
                        (round(value, 6) for value in causes.rankings[name]),
                        strict=True,
                    )
                ),
            }
            for name in order
        ],
    }
