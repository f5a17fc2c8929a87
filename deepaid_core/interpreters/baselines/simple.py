"""Rankings that need no method: by error, by distance, by chance."""

import zlib
from typing import ClassVar

import torch
from torch import Tensor

from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["LargestErrorInterpreter", "NearestNormalInterpreter", "RandomInterpreter"]


class LargestErrorInterpreter(RankedInterpreter):
    """Fields with the largest reconstruction error take their reconstruction.

    What analysts do by hand where a tool shows errors only.
    """

    name: ClassVar[str] = "largest-error"
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            error = (z - known.detector.reconstruct(z)).square()
        return error, known.reconstruction(z)


class NearestNormalInterpreter(RankedInterpreter):
    """Fields that lie farthest from the nearest normal event take its values."""

    name: ClassVar[str] = "nearest-normal"

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        nearest = known.nearest_normal(z)
        return (z - nearest).square(), nearest


class RandomInterpreter(RankedInterpreter):
    """Fields in random order take the values of the nearest normal event.

    What any method has to beat. An event's order depends on its own values and the seed only.
    """

    name: ClassVar[str] = "random"
    EXPECTED_FAILURES: ClassVar = {
        check: "it guesses"
        for check in (
            "check_finds_what_was_planted",
            "check_reference_goes_back_to_what_was_there",
            "check_beats_a_guess",
            "check_small_noise_keeps_the_answer",
            "check_proof_is_the_score_of_what_is_shown",
        )
    }

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        # Drawn from the row itself: the answer must not depend on what else is in the batch.
        chance = torch.Generator()
        importance = torch.empty_like(z)
        for row, values in enumerate(z.contiguous().numpy()):
            chance.manual_seed(zlib.crc32(values.tobytes(), known.seed))
            importance[row] = torch.rand(z.shape[1], generator=chance)
        # Large one-hot groups must not win by their number of columns.
        return importance / (known.membership @ known.membership.sum(dim=0)), known.nearest_normal(
            z
        )
