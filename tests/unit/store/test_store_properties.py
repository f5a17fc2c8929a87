"""Whatever analysts decide and take back, findings show the last verdict in force."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import StaleWriteError
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_finding, make_run, make_verdict

SIZE = 3
verdicts = st.tuples(
    st.sampled_from(VerdictLabel),
    st.sampled_from(["backup-job", "port-scan"]),
    st.sets(st.integers(0, SIZE - 1), min_size=1),
)
steps = st.lists(st.one_of(verdicts, st.integers(0, 9)), max_size=10)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> SqlStore:
    """One store for all examples; each brings findings of its own."""
    return SqlStore(empty_database(tmp_path_factory.mktemp("shared") / "findings.db"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_findings_show_the_last_verdict_in_force(shared_store: SqlStore, steps: list) -> None:
    store = shared_store
    offset = store.version()[1]
    findings = [make_finding(offset + number) for number in range(SIZE)]
    store.add_run(make_run(), findings)
    given_verdicts: list[tuple[int, NewVerdict]] = []
    undone: set[int] = set()
    for step in steps:
        if not isinstance(step, int):
            label, category, chosen = step
            verdict = make_verdict(
                *(findings[number] for number in sorted(chosen)), label=label, category=category
            )
            given_verdicts.append((store.append([verdict])[0].number, verdict))
        elif given_verdicts:
            number = given_verdicts[step % len(given_verdicts)][0]
            if number in undone:
                with pytest.raises(StaleWriteError):
                    store.append([NewUndo(number, "bo")])
            else:
                store.append([NewUndo(number, "bo")])
                undone.add(number)
        for finding in findings:
            in_force = [
                (number, verdict)
                for number, verdict in given_verdicts
                if number not in undone and finding.id in verdict.finding_ids
            ]
            row = store.row(finding.id)
            shown = (row.status, row.verdict, row.category, row.verdict_number)
            if not in_force:
                assert shown == (Status.OPEN, None, None, None)
                continue
            number, last = in_force[-1]
            is_open = last.label is VerdictLabel.UNDETERMINED
            status = Status.OPEN if is_open else Status.CLOSED
            assert shown == (status, last.label.value, last.category, number)
