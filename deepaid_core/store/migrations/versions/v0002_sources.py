"""Detectors remember what kind of source they read, and how."""

from alembic import op
from sqlalchemy import Column, Text

from deepaid_core.domain import codec
from deepaid_core.domain.settings import CaptureSettings
from deepaid_core.store.tables import AnyText

__all__ = ["upgrade"]

revision = "0002"
down_revision = "0001"

_CAPTURE = codec.dump(codec.SETTINGS, CaptureSettings())


def upgrade() -> None:
    """Add both columns; until now every detector read packet captures."""
    kind = Column("source_kind", AnyText, nullable=False, server_default="capture")
    settings = Column("source_settings", Text, nullable=False, server_default=_CAPTURE)
    op.add_column("detectors", kind)
    op.add_column("detectors", settings)
