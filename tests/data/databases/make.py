"""Write a database of today's schema version as SQL text, to test later upgrades against.

Run it once when a schema version is released, before the next one changes the tables:

    python -m tests.data.databases.make

The file is never written anew afterwards; it is what analysts of that version have on disk.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from deepaid_core.store.sql import SqlStore
from deepaid_core.store.tables import SCHEMA_VERSION
from tests.factories import make_detector_record, make_finding, make_run, make_verdict


def main() -> None:
    target = Path(__file__).with_name(f"{SCHEMA_VERSION}.sql")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.db"
        store = SqlStore(path, clock=lambda: 1_760_000_000.0)
        findings = [make_finding(number) for number in range(3)]
        store.add_detector(make_detector_record())
        store.add_run(make_run(), findings)
        store.append([make_verdict(findings[0])])
        store.close()
        with closing(sqlite3.connect(path)) as connection:
            target.write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
