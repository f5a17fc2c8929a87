"""AfterImage from its definitions: every stream keeps its whole history, every sum is written out.

Slow on purpose and unlike the product's code: nothing is incremental, nothing is shared.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

DECAYS = (5.0, 3.0, 1.0, 0.1, 0.01)


@dataclass
class Stream:
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    last_residual: dict[float, float] = field(default_factory=dict)

    def add(self, time: float, value: float) -> None:
        self.times.append(time)
        self.values.append(value)

    def statistics(self, decay: float) -> tuple[float, float, float]:
        """Weight, mean and variance at the time of the last value."""
        if not self.times:
            return 0.0, 0.0, 0.0
        weights = 2.0 ** (-decay * (self.times[-1] - np.array(self.times)))
        values = np.array(self.values)
        weight = weights.sum()
        mean = (weights * values).sum() / weight
        return weight, mean, (weights * (values - mean) ** 2).sum() / weight

    def weight(self, decay: float, now: float) -> float:
        if not self.times:
            return 0.0
        return self.statistics(decay)[0] * 2.0 ** (-decay * (now - self.times[-1]))


class Reference:
    def __init__(self) -> None:
        self.streams: dict[object, Stream] = defaultdict(Stream)
        self.products: dict[object, list[tuple[float, float]]] = defaultdict(list)

    def packet(self, sender, ends, sockets, length: float, time: float) -> list[float]:
        """Features of one packet; `ends` and `sockets` are (source, target)."""
        out: list[float] = []
        stream = self.streams["sender", sender]
        stream.add(time, length)
        out += self.one_way(stream)
        out += self.both_ways("channel", *ends, length, time)
        gaps = self.streams["gaps", ends]
        gaps.add(time, time - gaps.times[-1] if gaps.times else 0.0)
        out += self.one_way(gaps)
        out += self.both_ways("socket", *sockets, length, time)
        return out

    def one_way(self, stream: Stream) -> list[float]:
        out: list[float] = []
        for decay in DECAYS:
            weight, mean, variance = stream.statistics(decay)
            out += [weight, mean, variance**0.5]
        return out

    def both_ways(self, kind, source, target, length: float, time: float) -> list[float]:
        stream = self.streams[kind, source, target]
        back = self.streams[kind, target, source] if source != target else Stream()
        stream.add(time, length)
        out: list[float] = []
        for decay in DECAYS:
            weight, mean, variance = stream.statistics(decay)
            _, mean_back, variance_back = back.statistics(decay)
            residual = length - mean
            products = self.products[kind, frozenset((source, target)), decay]
            products.append((time, residual * back.last_residual.get(decay, 0.0)))
            stream.last_residual[decay] = residual
            total = sum(2.0 ** (-decay * (time - at)) * product for at, product in products)
            covariance = total / (weight + back.weight(decay, time))
            spread = (variance * variance_back) ** 0.5
            pcc = min(max(covariance / spread, -1.0), 1.0) if spread > 0.01 else 0.0
            out += [
                (variance**2 + variance_back**2) ** 0.5,
                (mean**2 + mean_back**2) ** 0.5,
                covariance,
                pcc,
            ]
        return self.one_way(stream) + out
