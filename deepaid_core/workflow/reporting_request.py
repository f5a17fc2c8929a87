"""What can be asked for as a report, and what comes back."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from deepaid_core.reports.document import Audience

__all__ = ["FORMATS", "Format", "ReportFile", "ReportRequest"]

Format = Literal["html", "pdf", "docx", "md", "json", "stix"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
"""What a report can be written as."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report shall be of, for whom, and how.

    Attributes:
        finding_ids: Findings, where it is of neither pattern nor case.
        pattern_id: "P-...": of a pattern.
        case_number: Of a case.
        filters: How the findings were picked, in words; may be empty.
        format: One of `FORMATS`.
        audience: Who reads it.
        tlp: Its marking; None for that of the case, else "amber".
        masks: What is left out.
        defang: Whether indicators are written so that nothing makes a link of them.
        title: Drafted where empty.
        author: Who makes it; None for whom the environment names.
    """

    finding_ids: tuple[str, ...] = ()
    pattern_id: str | None = None
    case_number: int | None = None
    filters: str = ""
    format: Format = "html"
    audience: Audience = "technical"
    tlp: str | None = None
    masks: tuple[str, ...] = ()
    defang: bool = True
    title: str = ""
    author: str | None = None

    @property
    def subject(self) -> str:
        """What the log calls what it is about."""
        if self.case_number is not None:
            return f"C-{self.case_number}"
        if self.pattern_id is not None:
            return self.pattern_id
        if len(self.finding_ids) == 1:
            return self.finding_ids[0]
        return f"{len(self.finding_ids)} findings"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as a file.

    Attributes:
        name: Safe as a file name.
        media_type: For whoever downloads it.
        data: Its content.
        sha256: Of `data`.
    """

    name: str
    media_type: str
    data: bytes
    sha256: str
