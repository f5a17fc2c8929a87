"""Distance from normal events along and beside their principal components."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import Arrays
from deepaid_core.detectors.tabular import TabularDetector, vector_of
from deepaid_core.detectors.training import Training
from deepaid_core.domain.params import param
from deepaid_core.domain.progress import stop_if

__all__ = ["PcaDetector"]

# Least variance beside the components, in model space, where columns that move have a variance of
# about one: what never moved in training would else outweigh everything once it does.
_LEAST_VARIANCE = 0.01


@dataclass(kw_only=True, eq=False)
class PcaDetector(TabularDetector):
    """Root mean square deviation along the major principal components and beside them.

    Along each component that is kept the deviation is counted in units of the component's own
    standard deviation; all that is beside them is counted in units of what normal events have
    there on average. Normal events score about one. Nothing is random: the seed has no effect.

    Use it as the yardstick that every other detector has to beat, and where training has to take
    seconds: the score is a quadratic form, so interpretations are quick and stable. Avoid it where
    normal events form clusters or curved shapes: all that lies between them looks normal to it.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        variance: Share of the variance of training events that the kept components explain.

    References:
        Shyu, Chen, Sarinnapakorn and Chang, A Novel Anomaly Detection Scheme Based on Principal
        Component Classifier, ICDM Foundations Workshop 2003. Tipping and Bishop, Probabilistic
        Principal Component Analysis, Journal of the Royal Statistical Society B 61, 1999.
    """

    variance: float = param(
        0.8,
        "Variance kept",
        "Share of the variance that the kept components explain; more lets it see finer "
        "deviations from how columns move together, and take more noise for normal.",
        low=0.05,
        high=0.999,
    )

    def _learn(self, z: Tensor, training: Training) -> None:
        # Imported here because it takes seconds, and only training needs it.
        from sklearn.decomposition import PCA

        stop_if(training.cancelled)
        points = z.double().numpy()
        # Works on (d, d) numbers, however many events there are. Where nothing moves it divides by
        # the variance, zero; that share is not used.
        with np.errstate(invalid="ignore"):
            fitted = PCA(svd_solver="covariance_eigh").fit(points)
        stop_if(training.cancelled)
        spread = fitted.explained_variance_
        explained = np.cumsum(spread) / max(spread.sum(), 1e-12)
        # At least one, and never all of them: something has to be left beside them.
        kept = 1 + int((explained[:-1] < self.variance - 1e-9).sum())
        kept = max(1, min(kept, points.shape[1] - 1))
        beside = spread[kept:].sum() / max(points.shape[1] - kept, 1)
        self._center = torch.from_numpy(fitted.mean_.astype(np.float32))
        self._components = torch.from_numpy(fitted.components_[:kept].astype(np.float32, order="C"))
        self._along = torch.from_numpy(
            np.maximum(spread[:kept], _LEAST_VARIANCE).astype(np.float32)
        )
        self._beside = torch.tensor(max(beside, _LEAST_VARIANCE), dtype=torch.float32)
        training.progress(1.0, f"{kept} components explain {explained[kept - 1]:.0%}")

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""
        centered = z - self._center
        along = centered @ self._components.T
        rest = centered - along @ self._components
        total = (along.square() / self._along).sum(dim=1) + rest.square().sum(dim=1) / self._beside
        # The root has no gradient at zero.
        return (total / z.shape[1]).clamp_min(1e-12).sqrt()

    def reconstruct(self, z: Tensor) -> Tensor:
        """Projections on the kept components, (n, d) to (n, d)."""
        projected: Tensor = self._center + (z - self._center) @ (
            self._components.T @ self._components
        )
        return projected

    def _learned(self) -> Arrays:
        return {
            "center": self._center.numpy(),
            "components": self._components.numpy(),
            "variance.along": self._along.numpy(),
            "variance.beside": self._beside.numpy().reshape(1),
        }

    def _relearn(self, d: int, arrays: Arrays) -> None:
        components = np.asarray(arrays["components"], dtype=np.float32)
        if components.ndim != 2 or components.shape[1] != d:
            raise ValueError(f"'components' has shape {components.shape}, expected (k, {d})")
        center = vector_of(arrays, "center", d).astype(np.float32)
        along = vector_of(arrays, "variance.along", len(components)).astype(np.float32)
        beside = vector_of(arrays, "variance.beside", 1).astype(np.float32)
        if min(along.min(initial=1.0), beside.min()) <= 0:
            raise ValueError("a variance is not above zero")
        self._center, self._components = torch.from_numpy(center), torch.from_numpy(components)
        self._along, self._beside = torch.from_numpy(along), torch.from_numpy(beside)[0]
