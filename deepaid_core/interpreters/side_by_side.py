"""Independent chunks of work, side by side on one thread each."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

__all__ = ["in_threads"]


def in_threads(work: Callable[[int], int], starts: Iterable[int]) -> Iterator[int]:
    """Run independent chunks side by side, each on one thread.

    The tensors are small: many threads on one of them wait for each other more than they work.
    """
    inherited = torch.get_num_threads()
    workers = ThreadPoolExecutor(
        max_workers=max(1, inherited), initializer=torch.set_num_threads, initargs=(1,)
    )
    try:
        yield from workers.map(work, starts)
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(inherited)
