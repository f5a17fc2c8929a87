"""What a report rests on, so that somebody else can check it."""

from typing import Final

from deepaid_core.figures.numbers import format_count, format_score, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.reports.blocks import Block, Facts, Paragraph, Section, Source
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_words import CELL, NAME, name, one_line, verdict_table
from deepaid_core.reports.parts import ReportFinding

__all__ = ["again", "annex"]

_ACTIVITY: Final = 300
_VERDICTS: Final = 200


def annex(document: ReportDocument) -> list[Section]:
    """History, evidence and where it comes from."""
    return [
        Section("annex", "Annex", 1, (), new_page=len(document.findings) > 1),
        Section("annex-history", "Verdict history", 2, tuple(_history(document))),
        Section("annex-activity", "Activity log", 2, (_activity(document),)),
        Section("annex-evidence", "Evidence and where it comes from", 2,
                tuple(_evidence(document))),
    ]  # fmt: skip


def again(document: ReportDocument) -> Section:
    """How to get the same, and how to check it."""
    blocks: list[Block] = []
    if document.command:
        blocks.append(Source(document.command))
    else:
        blocks.append(
            Paragraph(
                "The ids that the command needs are masked: whoever made this report can make it "
                "again from the record that the workspace keeps of it."
            )
        )
    blocks.append(
        Paragraph(
            f"Made with DeepAID Studio {document.version}. The evidence file of this report "
            f"({document.id}, format JSON) holds the same content; its digest is the one at the "
            "top, and “deepaid verify” asks the detectors again and confirms each number in it."
        )
    )
    return Section("again", "How to get this report again", 1, tuple(blocks))


def _history(document: ReportDocument) -> list[Block]:
    verdicts = {one.number: one for item in document.findings for one in item.verdicts}
    if not verdicts:
        return [Paragraph("No verdict has been given on any of these findings.")]
    newest = [verdicts[number] for number in sorted(verdicts, reverse=True)]
    title = "All verdicts on these findings, newest first"
    if len(newest) > _VERDICTS:
        title += f" (the last {_VERDICTS} of {len(newest):,})"
    return [verdict_table(title, newest[:_VERDICTS])]


def _activity(document: ReportDocument) -> Block:
    lines = document.activity
    if not lines:
        return Paragraph("Nothing else is in the log.")
    title = "What happened, oldest first"
    if len(lines) > _ACTIVITY:
        title += f" (the last {_ACTIVITY} of {len(lines):,})"
    return Table(
        title,
        ("Time (UTC)", "How", "By", "On", "What"),
        tuple(
            (
                format_time_utc(one.time).removesuffix(" UTC"),
                "automatic" if one.automatic else "by hand",
                name(one.author) or "–",
                one.subject,
                shorten(one_line(one.text), 2 * CELL),
            )
            for one in lines[-_ACTIVITY:]
        ),
    )


def _evidence(document: ReportDocument) -> list[Block]:
    blocks: list[Block] = []
    sources: dict[str, str] = {}
    detectors: dict[str, ReportFinding] = {}
    runs = {}
    for item in document.findings:
        sources.setdefault(item.finding.source_sha256, item.finding.source_name)
        detectors.setdefault(item.finding.detector_id, item)
        if item.run is not None:
            runs[item.run.id] = item.run
    if sources:
        blocks.append(
            Table(
                "Evidence: what was read",
                ("Source", "SHA-256"),
                tuple((name(source), digest) for digest, source in sources.items()),
            )
        )
    blocks += [_detector(document, item) for item in detectors.values()]
    if runs:
        blocks.append(
            Table(
                "Runs",
                ("Run", "Finished (UTC)", "Events", "Anomalies", "Skipped"),
                tuple(
                    (one.id, format_time_utc(one.finished_time).removesuffix(" UTC"),
                     one.events, one.anomalies, one.skipped)
                    for one in runs.values()
                ),
            )
        )  # fmt: skip
    if document.heads:
        blocks.append(
            Table(
                "Heads of the chained logs when this report was made",
                ("Log", "Last line", "SHA-256 of it and all before it"),
                tuple((one.log, one.number, one.digest or "empty log") for one in document.heads),
            )
        )
    versions = document.software or (("DeepAID Studio", document.version),)
    blocks.append(Facts(tuple((f"Version of {what}", number) for what, number in versions)))
    return blocks


def _detector(document: ReportDocument, item: ReportFinding) -> Facts:
    finding, record = item.finding, item.detector
    pairs = [("Detector", f"{name(finding.detector_name)}, {finding.detector_id}")]
    if record is not None:
        pairs += [
            (
                "Kind",
                f"{record.kind}, trained on {shorten(record.trained_on, NAME)}, "
                f"{format_count(record.training_events, 'event')}",
            ),
            ("SHA-256 of the detector", record.sha256),
        ]
    else:
        pairs.append(("SHA-256 of the detector", "not in the store"))
    method = f" ({record.threshold_method})" if record is not None else ""
    pairs.append(("Threshold", f"{format_score(finding.threshold)}{method}"))
    files = next((one for one in document.files if one.detector_id == finding.detector_id), None)
    if files is not None:
        pairs += [
            ("SHA-256 of its weights", files.weights or "the file cannot be read"),
            ("SHA-256 of its scaler", files.scaler or "it has none"),
            ("SHA-256 of its profile of normal events", files.profile or "it has none"),
            ("SHA-256 of its training source", files.trained_on_sha256 or "not known"),
        ]
    return Facts(tuple(pairs))
