"""Log files made for tests, and where the public ones lie."""

import gzip
import os
from pathlib import Path

import pytest

from deepaid_core.domain.batches import SequenceBatch

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "sample_data/logs/auth.log.gz"


def public_file(name: str) -> Path:
    """A public file that is not part of the repository; skips the test without it."""
    path = Path(os.environ.get("DEEPAID_SHARED_DATA", ROOT.parent / "shared/data")) / name
    if not path.exists():
        pytest.skip(f"the public file {name} is not here; set DEEPAID_SHARED_DATA to its folder")
    return path


def stamp(second: float) -> str:
    return f"2026-11-22T{int(second) // 3600:02}:{int(second) // 60 % 60:02}:{second % 60:09.6f}Z"


def syslog(*lines: tuple[float, str, str]) -> str:
    """(second, "process[pid]", message) of host web01."""
    return "".join(f"{stamp(when)} web01 {who}: {what}\n" for when, who, what in lines)


def written(path: Path, text: str | bytes) -> Path:
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(source, size: int = 8192) -> SequenceBatch:
    return SequenceBatch.concatenate(list(source.batches(size)))


LOGIN = (
    (0.0, "sshd[10]", "Connection from 10.0.0.5 port 4001 on 10.0.0.1 port 22"),
    (1.0, "sshd[10]", "Accepted publickey for ana from 10.0.0.5 port 4001 ssh2: ED25519 SHA256:ab"),
    (1.1, "sshd[10]", "User child is on pid 11"),
    (1.2, "sshd[11]", "Starting session: command for ana from 10.0.0.5 port 4001 id 0"),
    (1.3, "sudo[12]", "     ana : PWD=/var/lib/ana ; USER=root ; COMMAND=/usr/bin/id -u"),
    (1.4, "sudo[12]", "pam_unix(sudo:session): session opened for user root(uid=0) by (uid=7)"),
    (2.0, "sshd[10]", "pam_unix(sshd:session): session closed for user ana"),
)
