"""One of several programs that open the same store at once and write verdicts."""

import sys
import time
from pathlib import Path

from deepaid_core.domain.log import NewUndo
from deepaid_core.errors import StaleWriteError
from deepaid_core.store.sql import SqlStore
from tests.factories import make_finding, make_run, make_verdict

DECISIONS = 25


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
    store.close()
    sys.stdout.write(f"{undone}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
