"""Distance from normal events, as a one-class support vector machine tells it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import Arrays
from deepaid_core.detectors.tabular import TabularDetector, vector_of
from deepaid_core.detectors.training import Training
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.params import param
from deepaid_core.domain.progress import stop_if

__all__ = ["OneClassSvmDetector"]

# Added to the variance along each principal component, in model space, where columns that move have
# a variance of about one: directions with less are noise, and must not outweigh the others.
_LEAST_VARIANCE = 0.3
_STEPS = 3  # towards normal events, of a reconstruction
_STARTS, _CLIMB = 64, 200  # training events that climb to the peak of the kernel's mean, and steps
_CHUNK = 4096  # events compared with all support vectors at a time
_LEAST_UNIT = 1e-3  # from that peak to the boundary: zero where all training events are the same


@dataclass(kw_only=True, eq=False)
class OneClassSvmDetector(TabularDetector):
    """Distance from where a support vector machine is surest, in units of its boundary.

    The machine is scikit-learn's with a Gaussian kernel, fitted to events in model space, scaled
    along their principal components. Its decision function goes flat a few kernel widths away,
    where neither a search nor an analyst learns more than "far". So the score takes the logarithm
    of the kernel's weighted mean: how far it lies below its peak, divided by how far it does so on
    the boundary, and the root of that. It puts events in the order of the decision function, is 1
    where that is 0, and grows like a distance.

    Use it where normal events are some thousand, form several clusters, and a detector without
    training loop is wanted. Avoid it where they are many: time to fit grows with the square of
    `events`, and what was not drawn is not learned; and where normal events hold attacks in a
    larger share than `nu`.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        nu: Upper bound on the share of training events that lie beyond the boundary.
        width: Width of the kernel, in typical distances of training events from their mean.
        events: Most training events to fit to; of more, so many are drawn, by the seed.

    References:
        Schoelkopf, Platt, Shawe-Taylor, Smola and Williamson, Estimating the Support of a
        High-Dimensional Distribution, Neural Computation 13(7), 2001. Mika et al., Kernel PCA and
        De-Noising in Feature Spaces, NIPS 1998, for the reconstruction.
    """

    nu: float = param(
        0.005,
        "Share beyond the boundary",
        "Upper bound on the share of training events beyond the boundary; more draws it closer, "
        "and keeps more support vectors.",
        low=0.0001,
        high=0.9,
    )
    width: float = param(
        2.0,
        "Width of the kernel",
        "In typical distances of training events from their mean; less follows clusters more "
        "closely, and keeps more support vectors.",
        low=0.05,
        high=50.0,
    )
    events: int = param(
        20_000,
        "Events to fit to",
        "Of more training events, so many are drawn; time to fit grows with the square of it.",
        low=100,
        high=100_000,
    )

    def _learn(self, z: Tensor, training: Training) -> None:
        # Imported here because it takes seconds, and only training needs it.
        from sklearn.svm import OneClassSVM

        drawn = z
        if len(z) > self.events:
            random = np.random.default_rng(self.seed)
            rows = np.sort(random.choice(len(z), self.events, replace=False))
            drawn = z[torch.from_numpy(rows)]
        stop_if(training.cancelled)
        training.progress(0.0, f"Fits to {len(drawn):,} events")
        points = drawn.double().numpy()
        center = points.mean(axis=0)
        scaling, variance = _scaling_of(points - center)
        gamma = 1.0 / (self.width**2 * variance)
        fitted = OneClassSVM(kernel="rbf", nu=self.nu, gamma=gamma)
        # It draws a number that it has no use for, from those of everybody where it has no own.
        fitted.random_state = 0
        fitted.fit((points - center) @ scaling)
        stop_if(training.cancelled)
        weights = fitted.dual_coef_[0]
        machine = _Machine(
            {
                "support": points[fitted.support_],
                "weights": weights / weights.sum(),
                "center": center,
                "scaling": scaling,
                "gamma": np.array([gamma]),
            }
        )
        # Kernel and weights are above zero, and so is their sum on the boundary.
        boundary = np.log(fitted.offset_ / weights.sum())
        peak = machine.peak_near(drawn)
        self._machine = machine
        self._peak = torch.tensor([peak], dtype=torch.float32)
        self._unit = torch.tensor([max(peak - boundary[0], _LEAST_UNIT)], dtype=torch.float32)
        training.progress(1.0, f"{len(weights):,} of them are support vectors")

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""
        below = self._peak - self._machine.log_mean(z)
        # The root has no gradient at zero.
        return (below / self._unit).clamp_min(1e-12).sqrt()

    def reconstruct(self, z: Tensor) -> Tensor:
        """Points nearby where the kernel's mean is higher, (n, d) to (n, d)."""
        for _ in range(_STEPS):
            z = self._machine.higher(z)
        return z

    def _learned(self) -> Arrays:
        parts = {**self._machine.parts, "peak": self._peak, "unit": self._unit}
        return {name: tensor.numpy() for name, tensor in parts.items()}

    def _relearn(self, d: int, arrays: Arrays) -> None:
        support, scaling = np.asarray(arrays["support"]), np.asarray(arrays["scaling"])
        if support.ndim != 2 or support.shape[1] != d or not len(support):
            raise ValueError(f"'support' has shape {support.shape}, expected (m, {d})")
        if scaling.shape != (d, d):
            raise ValueError(f"'scaling' has shape {scaling.shape}, expected ({d}, {d})")
        sizes = {"weights": len(support), "center": d, "gamma": 1, "peak": 1, "unit": 1}
        vectors = {name: vector_of(arrays, name, size) for name, size in sizes.items()}
        for name in ("weights", "gamma", "unit"):
            if not (vectors[name] > 0).all():
                raise ValueError(f"'{name}' is not above zero")
        peak, unit = (torch.from_numpy(vectors.pop(k).astype(np.float32)) for k in ("peak", "unit"))
        self._machine = _Machine({"support": support, "scaling": scaling, **vectors})
        self._peak, self._unit = peak, unit


class _Machine:
    """The kernel's weighted mean over the support vectors, and its logarithm.

    Args:
        arrays: In model space: `support` (m, d), their `weights` (m,) with sum 1, `center` (d,) and
            `scaling` (d, d) of what is compared, `gamma` (1,) of the kernel.
    """

    def __init__(self, arrays: Arrays) -> None:
        self.parts = {
            name: torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
            for name, array in arrays.items()
        }
        self._scaled = self._compared(self.parts["support"])
        self._squares = self._scaled.square().sum(dim=1)
        self._log_weights = self.parts["weights"].log()

    def log_mean(self, z: Tensor) -> Tensor:
        """Logarithm of the kernel's mean, (n, d) to (n,)."""
        return torch.logsumexp(self._log_shares(z), dim=1)

    def higher(self, z: Tensor) -> Tensor:
        """Where the mean is higher, (n, d) to (n, d): the average that its own terms weight."""
        moved: Tensor = torch.softmax(self._log_shares(z), dim=1) @ self.parts["support"]
        return moved

    def peak_near(self, z: Tensor) -> float:
        """The highest logarithm of the mean that the likeliest of points, (n, d), climb to."""
        parts = [self.log_mean(z[at : at + _CHUNK]) for at in range(0, len(z), _CHUNK)]
        likeliest = torch.cat(parts).topk(min(_STARTS, len(z)))
        climbing = z[likeliest.indices]
        for _ in range(_CLIMB):
            climbing = self.higher(climbing)
        return max(float(self.log_mean(climbing).max()), float(likeliest.values[0]))

    def _log_shares(self, z: Tensor) -> Tensor:
        """Logarithm of what each support vector adds to the mean, (n, d) to (n, m)."""
        points = self._compared(z)
        squares = points.square().sum(dim=1, keepdim=True) + self._squares
        far = (squares - 2.0 * points @ self._scaled.T).clamp_min(0.0)
        log_shares: Tensor = self._log_weights - self.parts["gamma"] * far
        return log_shares

    def _compared(self, z: Tensor) -> Tensor:
        compared: Tensor = (z - self.parts["center"]) @ self.parts["scaling"]
        return compared


def _scaling_of(centered: FloatArray) -> tuple[FloatArray, float]:
    """What scales points along the principal components, (d, d), and their variance after it."""
    variance, components = np.linalg.eigh(centered.T @ centered / len(centered))
    variance = np.maximum(variance, 0.0)
    after = variance / (variance + _LEAST_VARIANCE)
    # Where nothing moves, any width will do.
    return components / np.sqrt(variance + _LEAST_VARIANCE), max(float(after.sum()), 1e-3)
