"""Lessons as they are exchanged between workspaces: JSON, and GraphML that also draws them.

Both are lossless: a machine that is taught what was read counts as the one that was written.
"""

from deepaid_core.distiller.exchange_graphml import from_graphml, to_graphml
from deepaid_core.distiller.exchange_json import from_json, lessons_of, to_json

__all__ = ["from_graphml", "from_json", "lessons_of", "to_graphml", "to_json"]
