"""Any log: what a comparison, a what-if and the history say is what replaying it shows."""

from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.distiller_settings import settings_after
from deepaid_core.domain.log import (
    NewRestore,
    NewSetting,
    NewUndo,
)
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.workflow import versions, what_if
from tests.random_logs import (
    SETTINGS,
    brisk,
    decisions_of,
    in_force,
    numbers,
    shown,
    steps,
    workspace,
    write,
)


@brisk
@given(steps, st.sets(numbers, max_size=4), st.sampled_from([None, *SETTINGS]))
def test_what_if_tells_what_then_happens_and_writes_nothing(history, left_out, change):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        without = sorted({one % len(log) + 1 for one in left_out})
        now = opened.store.settings()
        hypothetical = now.changed(*change) if change else None
        before = shown(opened)
        found = what_if.what_if(opened, without=without, settings=hypothetical)
        assert shown(opened) == before
        assert opened.store.log() == log

        kept = [line for line in log if line.number not in without]
        wanted = in_force_after(kept)
        held = in_force(log)
        entries = [NewUndo(number, "ana") for number in held - wanted]
        entries += [NewRestore(number, "ana") for number in wanted - held]
        if hypothetical:
            entries += [NewSetting(*one, "ana") for one in hypothetical.texts().items()]
        opened.store.append(entries)
        after = shown(opened)
        was, became = ({row.id: row for row in rows} for rows in (before[0], after[0]))
        hidden_before = {key for key, row in was.items() if row.status == "suppressed"}
        hidden_after = {key for key, row in became.items() if row.status == "suppressed"}
        assert found.newly_suppressed == len(hidden_after - hidden_before)
        back = {key for key in hidden_before - hidden_after if became[key].status == "open"}
        assert found.reopened == len(back)
        attacks = {key for key, row in was.items() if row.verdict == "true positive"}
        assert found.attacks == len(attacks)
        assert set(found.attacks_silenced) == attacks & hidden_after
        assert found.differing == differing(opened, was, Distiller.replay(log), kept, hypothetical)


def in_force_after(kept):
    """Decisions in force in a log from which lines are missing; what they refer to may be too."""
    held, known = set(), {line.number for line in decisions_of(kept)}
    for line in kept:
        if isinstance(line.entry, NewUndo):
            held.discard(line.entry.entry_number)
        elif isinstance(line.entry, NewRestore):
            held |= {line.entry.entry_number} & known
        else:
            held.add(line.number)
    return held


def differing(opened, rows, before, kept, hypothetical):
    after = Distiller.replay(kept)
    reading = (hypothetical or after.settings).reading
    count = 0
    for row in rows.values():
        if row.status == "open":
            old = before.suggest(row.detector_name, row.path)
            new = after.suggest(row.detector_name, row.path, reading=reading)
            count += (old.label, old.category) != (new.label, new.category)
    return count


@brisk
@given(steps, numbers, numbers)
def test_comparing_versions_tells_all_that_differs_and_backwards_the_opposite(history, one, other):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        first, second = one % (len(log) + 1), other % (len(log) + 1)
        there = versions.compare(opened, first, second)
        back = versions.compare(opened, second, first)
        old, new = (Distiller.replay(log[:number]).machine for number in (first, second))
        counted = counts(old)
        for change in there.transitions:
            key = (change.detector_name, change.label, change.category, change.source)
            assert counted.pop((*key, change.target), 0) == change.before != change.after
            counted[(*key, change.target)] = change.after
        assert {key: count for key, count in counted.items() if count} == counts(new)
        assert [(c.before, c.after) for c in there.transitions] == [
            (c.after, c.before) for c in back.transitions
        ]
        held = [
            {n for n in in_force(log[:number]) if isinstance(log[n - 1].entry, NewSuppression)}
            for number in (first, second)
        ]
        assert set(there.suppressions_added) == held[1] - held[0] == set(back.suppressions_removed)
        assert set(there.suppressions_removed) == held[0] - held[1]
        texts = [
            settings_after(
                log[n - 1].entry
                for n in sorted(in_force(log[:number]))
                if isinstance(log[n - 1].entry, NewSetting)
            ).texts()
            for number in (first, second)
        ]
        changed = {name for name in texts[0] if texts[0][name] != texts[1][name]}
        assert {name for name, _, _ in there.settings} == changed
        assert all((texts[0][n], texts[1][n]) == (b, a) for n, b, a in there.settings)
        assert there.differing == back.differing >= sum(f.open_findings for f in there.findings)


def counts(machine):
    return {
        (detector_name, outcome.label, outcome.category, *step): count
        for (detector_name, outcome), chain in machine.chains.items()
        for step, count in chain.steps.items()
    }


@brisk
@given(steps, st.integers(1, 5))
def test_the_history_can_be_paged_and_says_what_is_in_force(history, limit):
    with workspace() as opened:
        write(opened, history)
        log = opened.store.log()
        rows, before = [], None
        while page := versions.history(opened, limit=limit, before=before):
            rows += page
            before = page[-1].number
        assert [row.number for row in rows] == [line.number for line in reversed(log)]
        held = in_force(log)
        for row in rows:
            line = log[row.number - 1]
            assert (row.author, row.reason, row.time) == (
                line.entry.author,
                line.entry.reason,
                line.time,
            )
            assert row.in_force is (row.undone_by is None)
            if not isinstance(line.entry, NewUndo | NewRestore):
                assert row.in_force is (row.number in held)
            assert row.title.isprintable()
