import pytest

from deepaid_core.domain.log import NewUndo
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_detector_record, make_finding, make_run, make_verdict

HOSTILE = (
    "</script><script>alert(1)</script><img src=http://203.0.113.1/x onerror=alert(1)> "
    "\" onload='x' {{ 7 * 7 }} {% raw %} &amp;\n\u202etxt.exe\u2066 \x07 " + "n" * 10_000
)


@pytest.fixture
def findings():
    return [make_finding(number) for number in range(9)]


@pytest.fixture
def store(tmp_path, findings):
    """Nine findings; number 0 has a verdict in force, number 4 one that was undone."""
    store = SqlStore(empty_database(tmp_path / "deepaid.db"), clock=lambda: 1_760_100_000.0)
    store.add_detector(make_detector_record())
    store.add_run(make_run(), findings)
    store.append([make_verdict(findings[0], reason="Nightly copy.\nAsked the owner.")])
    store.append([make_verdict(findings[4], category="port-scan", author="bo")])
    store.append([NewUndo(entry_number=2, author="bo")])
    yield store
    store.close()


@pytest.fixture
def hostile_store(tmp_path):
    """Two findings in which every text that can come from outside is hostile."""
    from dataclasses import replace

    from deepaid_core.domain.interpretation import Cell, Deviation

    plain = make_finding(0)
    deviation = Deviation(
        HOSTILE, HOSTILE, "changed", 1.0, 1.0, (Cell(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),)
    )
    findings = [
        make_finding(
            number,
            entity=HOSTILE + str(number),
            source_name=HOSTILE,
            summary=HOSTILE,
            detector_name=HOSTILE,
            evidence_columns=(HOSTILE, "protocol", "bytes"),
            evidence=tuple(replace(row, values=(HOSTILE,) * 3) for row in plain.evidence),
            peers={HOSTILE: 3},
            path=(HOSTILE, "b"),
            interpretation=replace(plain.interpretation, deviations=(deviation,)),
        )
        for number in range(2)
    ]
    store = SqlStore(empty_database(tmp_path / "hostile.db"), clock=lambda: 1_760_100_000.0)
    store.add_detector(make_detector_record(name=HOSTILE, trained_on=HOSTILE))
    store.add_run(make_run(source_name=HOSTILE), findings)
    store.append([make_verdict(*findings, reason=HOSTILE, category=HOSTILE, author=HOSTILE)])
    yield store
    store.close()
