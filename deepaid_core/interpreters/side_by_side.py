"""Independent chunks of work, side by side on one thread each."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from deepaid_core.detectors.fitting import one_thread

__all__ = ["in_threads"]


def in_threads(work: Callable[[int], int], starts: Iterable[int]) -> Iterator[int]:
    """Run independent chunks side by side, each on one thread.

    The tensors are small: many threads on one of them wait for each other more than they work.
    """
    starts = tuple(starts)
    count = min(torch.get_num_threads(), len(starts))
    if count <= 1:  # a thread of its own would cost a tenth of the work of one chunk
        with one_thread():
            yield from map(work, starts)
        return
    inherited = torch.get_num_threads()
    workers = ThreadPoolExecutor(
        max_workers=count, initializer=torch.set_num_threads, initargs=(1,)
    )
    try:
        yield from workers.map(work, starts)
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(inherited)
