"""Zip files that are the same bytes whenever and wherever they are written."""

import io
import zipfile
from collections.abc import Iterable

__all__ = ["packed", "repacked"]

_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
_SMALL_ALREADY = (".png", ".jpg", ".zip")


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip file with these names and contents, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every system
            entry.compress_type = (
                zipfile.ZIP_STORED if name.endswith(_SMALL_ALREADY) else zipfile.ZIP_DEFLATED
            )
            archive.writestr(entry, content)
    return out.getvalue()


def repacked(content: bytes) -> bytes:
    """A zip file written by somebody else, in the same order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return packed([(name, archive.read(name)) for name in archive.namelist()])
