"""One of several programs that open the same store at once and write decisions."""

import sys
import time
from pathlib import Path

from deepaid_core.domain.log import Entry, NewSetting, NewUndo
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import StaleWriteError
from deepaid_core.store.sql import SqlStore
from tests.factories import make_finding, make_run, make_suppression, make_verdict

DECISIONS = 25
SUPPRESSIONS = 12
RAISES = 4


def main(address: str, start: str, author: str) -> None:
    """Wait for the file `start`, then write; print how many undos of entry 1 succeeded."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not Path(start).exists():
        time.sleep(0.005)
    store = SqlStore(address)
    findings = [make_finding(number) for number in range(DECISIONS)]
    store.add_run(make_run(), findings)
    for finding in findings:
        store.append([make_verdict(finding, author=author)])
    undone = 0
    try:
        store.append([NewUndo(1, author)])
        undone = 1
    except StaleWriteError:
        pass
    suppress_and_attack(store)
    for _ in range(RAISES):
        raise_setting(store, author)
    store.close()
    sys.stdout.write(f"{undone}\n")


def suppress_and_attack(store: SqlStore) -> None:
    """Suppress the findings of every pattern, one entity each, and accept one of them halfway."""
    findings = [make_finding(DECISIONS + number, max_score=0.3) for number in range(SUPPRESSIONS)]
    store.add_run(make_run(1), findings)
    for number, finding in enumerate(findings):
        entries: list[Entry] = [make_suppression(finding, entities=(finding.entity,))]
        if number == SUPPRESSIONS // 2:
            entries.append(make_verdict(finding, label=VerdictLabel.TRUE_POSITIVE))
        store.append(entries)


def raise_setting(store: SqlStore, author: str) -> None:
    """Add one to a setting, which is only right when nobody wrote since it was read."""
    while True:
        number, _ = store.version()
        value = str(store.settings().least_verdicts + 1)
        try:
            store.append([NewSetting("least_verdicts", value, author)], expected=number)
        except StaleWriteError:
            continue
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
