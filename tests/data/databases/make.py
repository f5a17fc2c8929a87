"""Write a database of today's schema version as SQL text, to test later upgrades against.

Run it once when a schema version is released, before the next one changes the tables:

    python -m tests.data.databases.make

The file is never written anew afterwards; it is what analysts of that version have on disk.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from deepaid_core.domain.log import NewLessons, NewRestore, NewSetting, NewUndo, TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store.sql import SqlStore
from deepaid_core.store.tables import SCHEMA_VERSION
from tests.factories import (
    PATHS,
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)


def main() -> None:
    target = Path(__file__).with_name(f"{SCHEMA_VERSION}.sql")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.db"
        store = SqlStore(path, clock=lambda: 1_760_000_000.0)
        findings = [make_finding(number) for number in range(3)]
        store.add_detector(make_detector_record())
        store.add_run(make_run(), findings)
        store.append([make_verdict(findings[0])])
        later = make_verdict(*findings[1:], label=VerdictLabel.TRUE_POSITIVE, category="port-scan")
        store.append([later, NewUndo(2, "ben", "Looked again: “ü”.\x00"), NewRestore(2, "ana")])
        taught = TaughtPath("packets", VerdictLabel.TRUE_POSITIVE, "port-scan", PATHS[3], 2)
        store.append(
            [
                make_suppression(findings[1], entities=(findings[1].entity,)),
                NewSetting("resurfaced_share", "0", "ana"),
                NewLessons((taught,), "lessons.json", "9d" * 32, "ana"),
            ]
        )
        store.close()
        with closing(sqlite3.connect(path)) as connection:
            target.write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
