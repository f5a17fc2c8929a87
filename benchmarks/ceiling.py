"""How few fields would do: a beam in which every move is scored, beside the default search.

Run with `python -m benchmarks.ceiling [TASK ...]`. Takes a minute or two per task. Nothing proves
that no other values would do with fewer; but this tries hundreds of times as much as the search.
"""

import argparse
from typing import Final

import numpy as np
import torch
from torch import Tensor

from benchmarks.tasks import TASKS, Task
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.candidates import Candidates
from deepaid_core.interpreters.quality import flip_rates, mean_solved_at
from deepaid_core.interpreters.search_space import SearchSpace
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter

BEAM: Final = 16
DEEPEST: Final = 6
NEIGHBORS: Final = 4  # normal events that lend their values
POLISHED: Final = 64  # best moves whose values follow the slope
POLISHING: Final = 8  # steps of that
COUNTS: Final = (1, 2, 3, 4, 5)


@one_thread()
def fewest_fields(task: Task) -> np.ndarray:
    """Fewest fields that the beam finds for each anomaly, (n,); 0 for none up to `DEEPEST`."""
    space = SearchSpace.of(task.anomalies.schema, Context.of(task.trained))
    points = space.detector.to_model(task.anomalies.values)
    less, more = space.around(task.anomalies.values)
    return np.array([_fewest(space, points[i], less[i], more[i]) for i in range(len(points))])


def _fewest(space: SearchSpace, anomaly: Tensor, less: Tensor, more: Tensor) -> int:
    f = len(space.movable)
    candidates = Candidates(space, anomaly[None])
    lenders = space.scale.nearest(anomaly[None], NEIGHBORS)[0]
    extremes = torch.stack(space.bounds) if space.constraints.bounds_only else lenders[:0]
    beam, changed = anomaly[None], torch.zeros((1, f), dtype=torch.bool)
    for count in range(1, DEEPEST + 1):
        scores, slope = space.slope(beam)
        same = torch.zeros(len(beam), dtype=torch.int64)
        more_values = torch.cat([lenders, extremes]).expand(len(beam), -1, -1)
        values = torch.cat([candidates.of(same, beam, scores, slope), more_values], dim=1)
        differs = (values < less) | (values > more)
        allowed = (differs.float() @ space.membership > 0) & space.movable & ~changed[:, None]
        row, value, field = torch.nonzero(allowed, as_tuple=True)
        moved = torch.where(space.columns[field], values[row, value], beam[row])
        best = space.scores(moved).argsort(stable=True)[: 4 * POLISHED]
        moved, now = moved[best], changed[row[best]].clone()
        now[torch.arange(len(best)), field[best]] = True
        moved[:POLISHED] = _polished(space, moved[:POLISHED], now[:POLISHED])
        after = space.scores(moved)
        if len(after) == 0:
            return 0
        if float(after.min()) <= space.target:
            return count
        kept: list[int] = []
        seen: set[bytes] = set()
        for place in after.argsort(stable=True).tolist():
            fields = now[place].numpy().tobytes()
            if fields not in seen:
                seen.add(fields)
                kept.append(place)
            if len(kept) == BEAM:
                break
        beam, changed = moved[kept], now[kept]
    return 0


def _polished(space: SearchSpace, points: Tensor, changed: Tensor) -> Tensor:
    """Points moved down the slope in their changed fields, the best of each way."""
    moves = ((changed.float() @ space.membership.T) > 0) & space.smooth
    here, best, lowest = points, points.clone(), space.scores(points)
    for _ in range(POLISHING):
        scores, slope = space.slope(here)
        slope = slope * moves
        far = (scores - space.target) / slope.square().sum(dim=1).clamp_min(1e-12)
        there = (here - far[:, None] * slope).clamp(*space.bounds)
        here = torch.where(moves, there, here)
        scores = space.scores(here)
        better = scores < lowest
        best[better], lowest[better] = here[better], scores[better]
    return best


def main() -> None:
    """Print the shares solved with 1, 2, ... fields by the search and by the beam."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", default=["nsl-fields", "nsl-columns", "kdd99"])
    for name in parser.parse_args().tasks:
        task = TASKS[name]()
        found = GreedyTabularInterpreter().interpret(task.anomalies, Context.of(task.trained))
        rates, (mean, _) = flip_rates(found, COUNTS), mean_solved_at(found)
        print(f"{name}, search: {_line([rates[k] for k in COUNTS], mean)}", flush=True)
        fewest = fewest_fields(task)
        shares = [float(((fewest > 0) & (fewest <= k)).mean()) for k in COUNTS]
        print(f"{name}, beam:   {_line(shares, fewest[fewest > 0].mean())}", flush=True)


def _line(shares: list[float], mean: float) -> str:
    return f"{' / '.join(f'{share:.3f}' for share in shares)}, mean {mean:.2f}"


if __name__ == "__main__":
    main()
