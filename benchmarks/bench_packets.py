"""How fast packets are read and turned into features, on one core.

Run with `python -m benchmarks.bench_packets [CAPTURE]`.
"""

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dpkt

from deepaid_core.sources.afterimage import AfterImage, warm_up
from deepaid_core.sources.captures import CaptureSource
from deepaid_core.sources.frames import read_frames

SAMPLE = Path(__file__).parents[1] / "sample_data/network/eval.pcap.gz"


def measure(capture: Path = SAMPLE, *, runs: int = 5) -> dict[str, float]:
    """Packets per second of each step; medians of several runs after a warm-up.

    Returns:
        "kernel": features from decoded headers; "decode": file to headers, unpacking included;
        "file_to_features": the whole way to batches; "dpkt": dpkt's objects for the same file;
        "times_faster_than_dpkt": "file_to_features" over "dpkt".
    """
    warm_up()
    chunks = list(read_frames(capture, 8192))
    packets = sum(chunk.seen for chunk in chunks)

    def kernel() -> None:
        after_image = AfterImage()
        for chunk in chunks:
            after_image.update(chunk.headers, chunk.lengths, chunk.times_ns)

    def decode() -> None:
        for _ in read_frames(capture, 8192):
            pass

    def file_to_features() -> None:
        for _ in CaptureSource(capture).batches():
            pass

    def with_dpkt() -> None:
        with gzip.open(capture) as file:
            for _, frame in dpkt.pcap.Reader(file):
                dpkt.ethernet.Ethernet(frame)

    rates = {
        step.__name__: packets / _median_s(step, runs)
        for step in (kernel, decode, file_to_features)
    }
    rates["dpkt"] = packets / _median_s(with_dpkt, min(runs, 3))
    rates["times_faster_than_dpkt"] = rates["file_to_features"] / rates["dpkt"]
    return {"packets": packets, **{name: round(rate, 2) for name, rate in rates.items()}}


def _median_s(step: Callable[[], None], runs: int) -> float:
    def once() -> float:
        # CPU time of this process: what else the machine does should not count.
        started = time.process_time()
        step()
        return time.process_time() - started

    once()
    return statistics.median(once() for _ in range(runs))


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE), indent=2))
