"""Named errors. Each message is one sentence: what happened, the offending value, what to do."""

from collections.abc import Mapping

__all__ = [
    "ArtifactError",
    "CancelledError",
    "CaptureError",
    "CaseRefusedError",
    "ChangeRefusedError",
    "DeepAidError",
    "DetectorMismatchError",
    "ExchangeError",
    "InvalidEventsError",
    "InvalidParameterError",
    "NotFittedError",
    "NotFoundError",
    "PortInUseError",
    "ReportRefusedError",
    "StaleWriteError",
    "StoreError",
    "StoreVersionError",
    "StoredValueError",
    "SuppressionRefusedError",
    "TrainingCancelledError",
    "TrainingRefusedError",
    "VerdictOvertakenError",
    "VerdictRefusedError",
    "WorkspaceError",
]


class DeepAidError(Exception):
    """Base of every error that a user may see; its text is safe to show as plain text."""


class InvalidParameterError(DeepAidError):
    """A setting is outside what is allowed."""


class InvalidEventsError(DeepAidError):
    """Events have the wrong shape, a wrong schema or a value that is not finite."""


class CaptureError(DeepAidError):
    """A packet capture cannot be read."""


class CaseRefusedError(DeepAidError):
    """A case lacks something it must carry, or cannot be changed, merged or taken apart."""


class NotFittedError(DeepAidError):
    """A detector was used before it was trained."""


class TrainingRefusedError(DeepAidError):
    """An unfinished training is damaged, in other hands, or does not fit what it is given."""


class DetectorMismatchError(DeepAidError):
    """Events and detector, or interpreter and detector, do not belong together."""


class ArtifactError(DeepAidError):
    """A stored detector is damaged, foreign, or of another version."""


class StoreError(DeepAidError):
    """The database cannot be used."""


class StoreVersionError(StoreError):
    """The database was written by a newer version of the product."""


class StaleWriteError(StoreError):
    """Somebody else changed the same thing first."""


class VerdictOvertakenError(StaleWriteError):
    """Somebody else judged findings first.

    Attributes:
        standing: Number of the verdict that is in force now, or None, by finding id.
    """

    def __init__(self, standing: Mapping[str, int | None]) -> None:
        self.standing = dict(standing)
        super().__init__(
            f"Somebody judged {', '.join(sorted(self.standing)[:3])} meanwhile, so nothing was "
            "written; look at that verdict and decide whether yours should replace it."
        )


class StoredValueError(StoreError):
    """A stored value is damaged, or of another kind or version than expected."""


class NotFoundError(DeepAidError):
    """No finding, pattern or detector has this id."""


class VerdictRefusedError(DeepAidError):
    """A verdict lacks something it must carry, or cannot be undone."""


class SuppressionRefusedError(DeepAidError):
    """A suppression lacks something it must carry, or would cover an attack."""


class ChangeRefusedError(DeepAidError):
    """A roll-back, setting or import would change nothing, or would hide an attack."""


class ExchangeError(DeepAidError):
    """A file of lessons cannot be read, or contradicts itself; nothing was imported."""


class ReportRefusedError(DeepAidError):
    """A file is no evidence of a report, or of another version."""


class WorkspaceError(DeepAidError):
    """The workspace folder cannot be created or written."""


class PortInUseError(DeepAidError):
    """Another program already listens on the requested port."""


class CancelledError(DeepAidError):
    """The user cancelled a running job; nothing of it was kept."""


class TrainingCancelledError(CancelledError):
    """The user cancelled a training; what it has learned so far was kept.

    Attributes:
        training_id: "T-...", by which it can be resumed.
    """

    def __init__(self, training_id: str, share: float) -> None:
        self.training_id = training_id
        super().__init__(
            f"Cancelled; training {training_id} is kept at {100 * share:.0f} % of its way."
        )
