"""What the comparison of interpreters measures, in plain words, and which way is better."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["MEASURES", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about a method on a task.

    Attributes:
        key: Name in the results.
        title: A few words for the head of a column.
        meaning: One sentence for people who were not there.
        higher: Whether more is better.
        kind: What the number is: a share of 1, a count, a percentile, seconds or milliseconds.
    """

    key: str
    title: str
    meaning: str
    higher: bool
    kind: Literal["share", "count", "percentile", "s", "ms"] = "share"

    def text(self, value: float | None) -> str:
        """The value as it is printed; a dash where there is none."""
        if value is None:
            return "-"
        match self.kind:
            case "share":
                return f"{value:.3f}"
            case "count":
                return f"{value:.2f}"
            case "percentile":
                return f"{value:.0f}"
            case "s":
                return f"{value:.3f}" if value < 1 else f"{value:.2f}"
            case "ms":
                return f"{value:.1f}"


def _flips(count: int) -> Measure:
    fields = "field takes" if count == 1 else f"{count} fields take"
    return Measure(
        f"lfr_{count}",
        f"LFR@{count}",
        f"Label flips after {count} field{'s' * (count > 1)}: share of anomalies that the detector "
        f"calls normal once the first {fields} the reference's values.",
        higher=True,
    )


MEASURES: Final[dict[str, Measure]] = {
    one.key: one
    for one in (
        *(_flips(count) for count in (1, 2, 3, 5, 10)),
        Measure(
            "mean_k",
            "mean K",
            "Fewest named fields that flip the label, mean over the anomalies solved within ten.",
            higher=False,
            kind="count",
        ),
        Measure("solved", "solved", "Share of anomalies solved within ten fields.", higher=True),
        Measure(
            "solvable",
            "solved by any number",
            "Share of anomalies that the method solves with any number of fields.",
            higher=True,
        ),
        Measure(
            "verified",
            "verified",
            "Share of shown references that the detector accepts.",
            higher=True,
        ),
        Measure(
            "proof",
            "proof holds",
            "Share of shown references for which the mark verified, or not, is what scoring the "
            "reference again says.",
            higher=True,
        ),
        Measure(
            "coherent",
            "coherent",
            "Share of references in which every one-hot group holds exactly one 1.",
            higher=True,
        ),
        Measure(
            "truth_ranking",
            "planted, ranking",
            "Share of the columns that were tampered with among the ranking's first ten.",
            higher=True,
        ),
        Measure(
            "truth_shown",
            "planted, shown",
            "Share of the columns that were tampered with among the shown ones.",
            higher=True,
        ),
        Measure(
            "truth_precision",
            "shown are planted",
            "Share of the shown columns that were tampered with.",
            higher=True,
        ),
        Measure(
            "plausibility",
            "distance to normal",
            "Distance of the reference to the nearest normal event, as a percentile of such "
            "distances between normal events; median over verified references.",
            higher=False,
            kind="percentile",
        ),
        Measure(
            "distance_left",
            "distance left",
            "Distance of the reference to the nearest normal event, as a share of the anomaly's: "
            "tells more where the percentile is 100; median over verified references.",
            higher=False,
        ),
        Measure(
            "stability",
            "stability",
            "Overlap (Jaccard) of the shown fields when the same anomaly is interpreted again "
            "with other seeds and in other batches.",
            higher=True,
        ),
        Measure(
            "noise_ranking",
            "noise, ranking",
            "Overlap (Jaccard) of the ranking's first columns before and after noise of 1 % of "
            "each range.",
            higher=True,
        ),
        Measure(
            "noise_shown",
            "noise, shown",
            "Overlap (Jaccard) of the shown columns before and after the same noise.",
            higher=True,
        ),
        Measure(
            "attack_ranking",
            "attack, ranking",
            "Overlap (Jaccard) of the ranking's first columns after an optimized shift of every "
            "value by at most 1 % of its range; the worst of several attempts.",
            higher=True,
        ),
        Measure(
            "attack_shown",
            "attack, shown",
            "Overlap (Jaccard) of the shown columns under the same attack.",
            higher=True,
        ),
        Measure(
            "cpu_s_per_1000",
            "CPU s/1000",
            "Processor seconds per 1000 anomalies, interpreted in one call.",
            higher=False,
            kind="s",
        ),
        Measure(
            "single_ms",
            "one alone, ms",
            "Milliseconds until one anomaly alone is interpreted, median.",
            higher=False,
            kind="ms",
        ),
        Measure(
            "history",
            "names the history",
            "Share of anomalies for which replacing earlier keys, not the flagged one, makes the "
            "detector accept.",
            higher=True,
        ),
        Measure(
            "history_flips",
            "history flips",
            "Of the answers that name earlier keys, the share for which the label then flips.",
            higher=True,
        ),
        Measure(
            "hit_100",
            "HitRate@100 %",
            "Share of the metrics known to be the cause among as many first ones of the ranking.",
            higher=True,
        ),
        Measure(
            "hit_150",
            "HitRate@150 %",
            "The same among half as many again.",
            higher=True,
        ),
        Measure(
            "ndcg_5",
            "NDCG@5",
            "How near to the top the metrics known to be the cause stand among the first five.",
            higher=True,
        ),
    )
}
"""By key, in the order in which they are shown."""
