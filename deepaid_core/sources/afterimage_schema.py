"""The 100 AfterImage features in an analyst's words."""

from typing import Final

from deepaid_core.domain.schema import Feature, Schema

__all__ = ["DECAYS", "afterimage_schema"]

DECAYS: Final = (5.0, 3.0, 1.0, 0.1, 0.01)
"""Decay factors, per second: after 1/factor seconds an event counts half."""

WINDOWS: Final = {5.0: "0.2 s", 3.0: "0.3 s", 1.0: "1 s", 0.1: "10 s", 0.01: "100 s"}
"""The half-life of each decay factor, about."""

# Differences below these are never shown. Half a packet and half a byte cannot be observed; times
# of captures are good to about 0.1 ms; a correlation matters in its first decimal.
PACKETS, BYTES, SQUARE_BYTES, SECONDS, RATIO = 0.5, 0.5, 0.25, 1e-4, 0.01

ONE_WAY: Final = ("weight", "mean", "std")
BOTH_WAYS: Final = ("radius", "magnitude", "covariance", "pcc")

# Group, statistics, suffix of their column names; the order is that of the published features.
LAYOUT: Final = (
    ("MI_dir", ONE_WAY, ""),
    ("HH", ONE_WAY, "_0"),
    ("HH", BOTH_WAYS, "_0_1"),
    ("HH_jit", ONE_WAY, ""),
    ("HpHp", ONE_WAY, "_0"),
    ("HpHp", BOTH_WAYS, "_0_1"),
)

TITLES: Final = {
    "MI_dir_weight": "packets from this sender (MAC and IP)",
    "MI_dir_mean": "packet size from this sender (MAC and IP): average",
    "MI_dir_std": "packet size from this sender (MAC and IP): spread",
    "HH_weight": "packets from this host to the other",
    "HH_mean": "packet size from this host to the other: average",
    "HH_std": "packet size from this host to the other: spread",
    "HH_radius": "packet size between these two hosts, both ways: joint spread",
    "HH_magnitude": "packet size between these two hosts, both ways: joint average",
    "HH_covariance": "packet size between these two hosts: covariance of there and back",
    "HH_pcc": "packet size between these two hosts: correlation of there and back",
    "HH_jit_mean": "gap between packets from this host to the other: average",
    "HH_jit_std": "gap between packets from this host to the other: spread",
    "HpHp_weight": "packets of this connection (IPs and ports), this way",
    "HpHp_mean": "packet size of this connection, this way: average",
    "HpHp_std": "packet size of this connection, this way: spread",
    "HpHp_radius": "packet size of this connection, both ways: joint spread",
    "HpHp_magnitude": "packet size of this connection, both ways: joint average",
    "HpHp_covariance": "packet size of this connection: covariance of there and back",
    "HpHp_pcc": "packet size of this connection: correlation of there and back",
}


_NOTES: Final = {("HH_jit", "weight"): " (counted as gaps)"}


def afterimage_schema() -> Schema:
    """Columns of the packet features: 19 fields over five decay windows.

    A field is one statistic in all windows. The 20 statistics make 19 fields: the number of
    packets of a channel and the number of its gaps (HH_weight and HH_jit_weight) are the same
    number under two names, and a reference in which only one of them moves cannot exist.

    "Last 10 s" in a title means that a packet 10 seconds ago counts half, one 20 seconds ago a
    quarter; nothing is cut off sharply.

    References:
        Mirsky et al., Kitsune, NDSS 2018, https://arxiv.org/abs/1802.09089 (table I).
    """
    features = tuple(
        _feature(group, decay, statistic, suffix)
        for group, statistics, suffix in LAYOUT
        for decay in DECAYS
        for statistic in statistics
    )
    return Schema("afterimage-100", features, tuple(TITLES.items()))


def _feature(group: str, decay: float, statistic: str, suffix: str) -> Feature:
    field = f"{group}_{statistic}"
    field = {"HH_jit_weight": "HH_weight"}.get(field, field)
    in_seconds = group == "HH_jit"
    unit, tolerance = {
        "weight": ("gaps" if in_seconds else "packets", PACKETS),
        "radius": ("bytes²", SQUARE_BYTES),
        "covariance": ("bytes²", SQUARE_BYTES),
        "pcc": ("", RATIO),
    }.get(statistic, ("s", SECONDS) if in_seconds else ("bytes", BYTES))
    low, high = {"pcc": (-1.0, 1.0), "covariance": (None, None)}.get(statistic, (0.0, None))
    return Feature(
        name=f"{group}_{decay}_{statistic}{suffix}",
        field=field,
        title=f"{TITLES[field]}, last {WINDOWS[decay]}{_NOTES.get((group, statistic), '')}",
        unit=unit,
        low=low,
        high=high,
        tolerance=tolerance,
    )
