"""What every store promises of suppressions, settings and entries that are put back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.log import (
    Entry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError, NotFoundError, StaleWriteError
from deepaid_core.store.base import Store
from tests.factories import PATHS, START, make_finding, make_run, make_suppression, make_verdict

TRUE = VerdictLabel.TRUE_POSITIVE
NO_CHECKS = NewSetting("resurfaced_share", "0", "ana")
ALL_CHECKED = NewSetting("resurfaced_share", "1", "ana")
ODD_TEXT = "a\x00b\x1ac\ud800 ’; DROP TABLE findings; -- 100%_\\ \n<script>"


def _filled(store: Store, count: int = 12) -> list[Finding]:
    """Findings of four patterns in turn, none critical; after that no finding is re-surfaced."""
    findings = [make_finding(number, max_score=0.3) for number in range(count)]
    store.add_run(make_run(), findings)
    store.append([NO_CHECKS])
    return findings


def _suppressed(store: Store) -> set[str]:
    return set(store.ids(FindingQuery(status=Status.SUPPRESSED)))


def _under(store: Store, number: int) -> set[str]:
    return set(store.ids(FindingQuery(suppression=number)))


def _rows(store: Store) -> tuple[FindingRow, ...]:
    return store.page(FindingQuery(), limit=1000)


def _lessons(*paths: tuple[str, ...], label: VerdictLabel = TRUE) -> NewLessons:
    taught = tuple(TaughtPath("packets", label, "port-scan", path, 2) for path in paths)
    return NewLessons(taught, "lessons.json", "9d" * 32, "ana")


class SuppressionContract:
    """The promises of `Store` about suppressions."""

    def test_a_suppression_takes_its_pattern_out_of_the_queue(self, store: Store) -> None:
        findings = _filled(store)
        of_pattern = {one.id for one in findings[::4]}
        decision = make_suppression(findings[0])
        (line,) = store.append([decision])
        assert _suppressed(store) == _under(store, line.number) == of_pattern
        row = store.row(findings[0].id)
        assert (row.suppression_number, row.resurfaced) == (line.number, False)
        (shown,) = store.suppressions()
        assert (shown.number, shown.time, shown.decision) == (line.number, line.time, decision)
        assert (shown.undone_by, shown.disabled_by) == (None, None)
        assert (shown.suppressed, shown.resurfaced) == (len(of_pattern), 0)
        assert shown.last_hit == findings[8].last_time
        assert store.log()[-1].entry == decision
        assert store.overview().suppressed == len(of_pattern)
        assert store.overview().open_findings == len(findings) - len(of_pattern)
        pattern = store.pattern(findings[0].pattern_id)
        assert (pattern.open_findings, pattern.suppressed_findings) == (0, len(of_pattern))
        assert pattern in store.patterns()

    def test_findings_added_later_are_suppressed_until_it_expires(self, store) -> None:
        first, second, third = (make_finding(4 * number, max_score=0.3) for number in range(3))
        store._clock = lambda: START
        store.add_run(make_run(), [first])
        store.append([NO_CHECKS, make_suppression(first, expires_time=START + 10.0)])
        store._clock = lambda: START + 9.0
        store.add_run(make_run(1), [second])
        store._clock = lambda: START + 10.0
        store.add_run(make_run(2), [third])
        assert _suppressed(store) == {first.id, second.id}
        store.append([NewSetting("suppress_critical", "yes", "ana")])  # looks at all again
        assert _suppressed(store) == {first.id, second.id}

    def test_all_that_a_scope_names_must_hold(self, store: Store) -> None:
        findings = _filled(store)
        one, other = findings[0], findings[4]
        for scope, expected in (
            ({"entities": (one.entity, "10.0.0.1")}, {one.id}),
            ({"entities": (one.entity[:-1],)}, set()),
            ({"since": other.first_time}, {other.id, findings[8].id}),
            ({"until": other.last_time}, {one.id, other.id}),
            ({"until": other.last_time - 0.1}, {one.id}),
            ({"since": other.first_time, "until": other.last_time}, {other.id}),
            ({"detector_name": "logins"}, set()),
        ):
            (line,) = store.append([make_suppression(one, **scope)])
            assert _suppressed(store) == expected, scope
            store.append([NewUndo(line.number, "ana")])
        (line,) = store.append(
            [
                make_suppression(
                    entities=(findings[2].entity, findings[5].entity),
                    since=findings[2].first_time,
                    until=findings[5].last_time,
                )
            ]
        )
        assert _suppressed(store) == {findings[2].id, findings[5].id}

    def test_very_long_and_hostile_entities_are_compared_whole(self, store: Store) -> None:
        long = "’" * 5000
        findings = [
            make_finding(4 * number, max_score=0.3, entity=entity)
            for number, entity in enumerate((long + "a", long + "b", ODD_TEXT))
        ]
        store.add_run(make_run(), findings)
        decision = make_suppression(
            findings[0], entities=(long + "b", ODD_TEXT), reason=ODD_TEXT, owner=ODD_TEXT
        )
        store.append([NO_CHECKS, decision])
        assert _suppressed(store) == {findings[1].id, findings[2].id}
        assert store.suppressions()[0].decision == decision
        asked = FindingQuery(entities=(long + "a", ODD_TEXT))
        assert set(store.ids(asked)) == {findings[0].id, findings[2].id}

    def test_unverified_and_critical_findings_stay(self, store: Store) -> None:
        plain = make_finding(0, max_score=0.3)
        unverified = make_finding(4, max_score=0.3, verified=False)
        critical = make_finding(8, max_score=0.5)
        store.add_run(make_run(), [plain, unverified, critical])
        store.append([NO_CHECKS, make_suppression(plain)])
        assert _suppressed(store) == {plain.id}
        (line,) = store.append([NewSetting("suppress_critical", "yes", "ana")])
        assert _suppressed(store) == {plain.id, critical.id}
        store.append([NewUndo(line.number, "ana")])
        assert _suppressed(store) == {plain.id}

    def test_some_stay_in_the_queue_as_a_check(self, store: Store) -> None:
        findings = _filled(store)
        store.append([make_suppression(findings[0]), ALL_CHECKED])
        of_pattern = {one.id for one in findings[::4]}
        assert _suppressed(store) == set()
        assert set(store.ids(FindingQuery(resurfaced=True))) == of_pattern
        assert store.ids(FindingQuery(resurfaced=False)) == ()
        assert store.count(FindingQuery(status=Status.OPEN)) == len(findings)
        (shown,) = store.suppressions()
        assert (shown.suppressed, shown.resurfaced, shown.hits) == (0, 3, 3)
        store.append([NewSetting("resurfaced_share", "0.02", "ana")])
        hidden, checked = FindingQuery(resurfaced=False), FindingQuery(resurfaced=True)
        assert set(store.ids(hidden)) | set(store.ids(checked)) == of_pattern
        assert set(store.ids(hidden)) == _suppressed(store)

    def test_the_oldest_suppression_counts_and_the_next_takes_over(self, store: Store) -> None:
        findings = _filled(store)
        wide = make_suppression(findings[0])
        narrow = make_suppression(findings[0], entities=(findings[0].entity,))
        first, second = (line.number for line in store.append([narrow, wide]))
        assert _under(store, first) == {findings[0].id}
        assert _under(store, second) == {findings[4].id, findings[8].id}
        store.append([NewUndo(first, "ana")])
        assert _under(store, second) == {one.id for one in findings[::4]}
        store.append([NewRestore(first, "ana")])
        assert _under(store, first) == {findings[0].id}

    def test_a_verdict_closes_a_suppressed_finding_and_its_undo_puts_it_back(
        self, store: Store
    ) -> None:
        findings = _filled(store)
        (line,) = store.append([make_suppression(findings[0])])
        for label in (VerdictLabel.FALSE_POSITIVE, VerdictLabel.UNDETERMINED):
            (verdict,) = store.append([make_verdict(findings[0], label=label)])
            row = store.row(findings[0].id)
            assert (row.status is Status.CLOSED) == (label is not VerdictLabel.UNDETERMINED)
            assert (row.suppression_number, row.resurfaced) == (None, False)
            assert _under(store, line.number) == {findings[4].id, findings[8].id}
            store.append([NewUndo(verdict.number, "ana")])
            assert store.row(findings[0].id).status is Status.SUPPRESSED

    def test_a_true_positive_disables_what_covers_it(self, store: Store) -> None:
        findings = _filled(store)
        here = make_suppression(findings[0], entities=(findings[4].entity,))
        burst = make_suppression(
            entities=(findings[0].entity, findings[1].entity), since=START, until=START + 1e4
        )
        apart = make_suppression(entities=(findings[2].entity,), since=START, until=START + 1e4)
        numbers = [line.number for line in store.append([here, burst, apart])]
        before = _rows(store)
        assert _suppressed(store) == {findings[n].id for n in (4, 0, 1, 2)}
        # Another finding of the pattern, which `here` does not even cover, but `burst` does.
        (attack,) = store.append([make_verdict(findings[0], label=TRUE, category="port-scan")])
        assert _suppressed(store) == {findings[2].id}
        disabled = {one.number: one.disabled_by for one in store.suppressions()}
        assert disabled == dict(zip(numbers, (findings[0].id, findings[0].id, None), strict=True))
        assert store.protected() == {findings[0].pattern_id}
        with_attack = _rows(store)
        store.append([NewUndo(attack.number, "ana")])
        assert _rows(store) == before
        assert store.protected() == frozenset()
        assert {one.disabled_by for one in store.suppressions()} == {None}
        store.append([NewRestore(attack.number, "ana")])
        assert _rows(store) == with_attack

    def test_judging_an_attack_anew_enables_the_suppression_again(self, store: Store) -> None:
        findings = _filled(store)
        store.append([make_verdict(findings[0], label=TRUE), make_suppression(findings[0])])
        assert _suppressed(store) == set()
        store.append([make_verdict(findings[0], label=VerdictLabel.BENIGN_POSITIVE)])
        assert _suppressed(store) == {findings[4].id, findings[8].id}

    def test_imported_attacks_protect_while_the_import_is_in_force(self, store: Store) -> None:
        findings = _filled(store)
        store.append([make_suppression(findings[0]), make_suppression(findings[1])])
        everything = _suppressed(store)
        (line,) = store.append([_lessons(PATHS[0][::-1], PATHS[0])])
        assert store.log()[-1] == line
        assert store.protected() == {findings[0].pattern_id}
        assert _suppressed(store) == everything - {one.id for one in findings[::4]}
        assert {one.disabled_by for one in store.suppressions()} == {None}
        store.append([NewUndo(line.number, "ana")])
        assert (store.protected(), _suppressed(store)) == (frozenset(), everything)
        harmless = _lessons(PATHS[0], label=VerdictLabel.FALSE_POSITIVE)
        store.append([NewRestore(line.number, "ana"), harmless, NewUndo(line.number, "ana")])
        assert (store.protected(), _suppressed(store)) == (frozenset(), everything)

    def test_settings_hold_while_they_are_in_force(self, store: Store) -> None:
        assert store.settings() == DistillerSettings()
        paper, five, two = store.append(
            [
                NewSetting("reading", "paper", "ana"),
                NewSetting("least_verdicts", "5", "ana"),
                NewSetting("least_verdicts", "2", "ana"),
            ]
        )
        assert store.settings() == DistillerSettings(reading="paper", least_verdicts=2)
        store.append([NewUndo(two.number, "ana"), NewUndo(paper.number, "ana")])
        assert store.settings() == DistillerSettings(least_verdicts=5)
        store.append([NewRestore(two.number, "ana")])
        assert store.settings().least_verdicts == 2
        for name, value in (("least_verdicts", "0"), ("color", "red")):
            with pytest.raises(InvalidParameterError, match=name):
                store.append([NewSetting(name, value, "ana")])
        assert store.log()[-1].entry == NewRestore(two.number, "ana")
        assert five.number == 2

    def test_an_entry_can_be_taken_back_and_put_back_again_and_again(self, store: Store) -> None:
        findings = _filled(store)
        (verdict,) = store.append([make_verdict(findings[0])])
        (suppression,) = store.append([make_suppression(findings[0])])
        shown = _rows(store)
        for target in (verdict.number, suppression.number) * 2:
            with pytest.raises(StaleWriteError, match="in force already"):
                store.append([NewRestore(target, "ben")])
            (undo,) = store.append([NewUndo(target, "ben")])
            assert _rows(store) != shown
            lists = (*store.verdicts(), *store.suppressions())
            (now,) = (one.undone_by for one in lists if one.number == target)
            assert now == undo.number
            with pytest.raises(StaleWriteError, match="already undone by ben"):
                store.append([NewUndo(target, "ana")])
            store.append([NewRestore(target, "ben")])
            assert _rows(store) == shown
            lists = (*store.verdicts(), *store.suppressions())
            assert {one.undone_by for one in lists} == {None}
        for number in (undo.number, undo.number + 1, 999):
            for kind in (NewUndo, NewRestore):
                with pytest.raises(NotFoundError, match=f"Entry {number} "):
                    store.append([kind(number, "ana")])

    def test_a_list_of_suppressions_can_be_narrowed(self, store: Store) -> None:
        findings = _filled(store)
        first, second = store.append([make_suppression(findings[n]) for n in (0, 1)])
        store.append([NewUndo(first.number, "ana")])
        assert [one.number for one in store.suppressions()] == [second.number, first.number]
        assert [one.number for one in store.suppressions(in_force=True)] == [second.number]
        (undone,) = store.suppressions(number=first.number)
        assert (undone.undone_by, undone.hits, undone.last_hit) == (second.number + 1, 0, None)
        assert store.suppressions(number=first.number, in_force=True) == ()
        assert store.suppressions(number=1) == ()
        (kept,) = store.suppressions(number=second.number)
        assert kept.suppressed == 3

    def test_a_writer_who_read_an_older_log_is_refused(self, store: Store) -> None:
        findings = _filled(store)
        number, _ = store.version()
        store.append([make_verdict(findings[0], label=TRUE)], expected=number)
        before = store.log(), _rows(store)
        with pytest.raises(StaleWriteError, match=f"entry {number + 1} since entry {number}"):
            store.append([make_suppression(findings[0])], expected=number)
        with pytest.raises(StaleWriteError):
            store.append([make_suppression(findings[0])], expected=number + 2)
        assert (store.log(), _rows(store)) == before
        assert store.append([], expected=number + 1) == ()

    def test_entries_of_all_kinds_are_written_all_or_none(self, store: Store) -> None:
        findings = _filled(store)
        store.append([make_suppression(findings[1])])
        before = store.log(), _rows(store), store.protected(), store.settings()
        entries: list[Entry] = [
            make_suppression(findings[0]),
            NewUndo(2, "ana"),
            make_verdict(findings[2], label=TRUE),
            _lessons(PATHS[3]),
            NewSetting("suppress_critical", "yes", "ana"),
        ]
        with pytest.raises(NotFoundError):
            store.append([*entries, NewUndo(99, "ana")])
        assert (store.log(), _rows(store), store.protected(), store.settings()) == before
        written = store.append(entries)
        assert store.log()[-len(entries) :] == written
        assert _suppressed(store) == {one.id for one in findings[::4]}

    def test_reach_counts_what_a_decision_would_be_about(self, store: Store) -> None:
        findings = _filled(store)
        extra = [
            make_finding(40, max_score=0.9, entity="10.77.0.99", first_time=START + 7200.0),
            make_finding(44, max_score=0.3, verified=False, entity="10.77.0.99"),
        ]
        store.add_run(make_run(1), extra)
        of_pattern = [*findings[::4], *extra]
        judged = make_verdict(findings[0], findings[4])
        store.append([make_suppression(findings[0], entities=(findings[8].entity,)), judged])
        query = FindingQuery(pattern_id=findings[0].pattern_id, sort="oldest")
        reach = store.reach(query)
        assert (reach.findings, reach.open_findings, reach.suppressed, reach.closed) == (5, 2, 1, 2)
        assert (reach.unverified, reach.critical) == (1, 1)
        assert reach.events == sum(one.event_count for one in of_pattern)
        assert reach.first_time == min(one.first_time for one in of_pattern)
        assert reach.last_time == max(one.last_time for one in of_pattern)
        assert sum(hour[1] for hour in reach.hours) == 2
        assert [hour[0] for hour in reach.hours] == sorted(
            {one.first_time // 3600 * 3600.0 for one in of_pattern}
        )
        assert sum(hour[2] for hour in reach.hours) == 5
        assert reach.entities == len({one.entity for one in of_pattern})
        assert reach.top_entities[0] == ("10.77.0.99", 2, 2)
        assert len(reach.top_entities) == reach.entities
        assert (reach.verdicts, reach.decisions) == (
            {"false positive": 2},
            {"false positive": 1},
        )
        nothing = store.reach(FindingQuery(entity="nobody"))
        assert (nothing.findings, nothing.events, nothing.first_time) == (0, 0, None)
        assert (nothing.hours, nothing.top_entities, nothing.verdicts) == ((), (), {})

    def test_findings_of_a_scope_can_be_asked_for(self, store: Store) -> None:
        findings = _filled(store)
        second, third = findings[2], findings[3]
        for query, expected in (
            (FindingQuery(entities=(second.entity, third.entity)), {second.id, third.id}),
            (FindingQuery(entities=()), set()),
            (FindingQuery(within=(second.first_time, third.last_time)), {second.id, third.id}),
            (FindingQuery(within=(second.first_time, third.last_time - 0.5)), {second.id}),
            (FindingQuery(within=(None, second.last_time)), {one.id for one in findings[:3]}),
            (FindingQuery(within=(third.first_time, None)), {one.id for one in findings[3:]}),
            (FindingQuery(within=(None, None)), {one.id for one in findings}),
            (FindingQuery(suppression=1), set()),
            (FindingQuery(resurfaced=True), set()),
            (FindingQuery(resurfaced=False), set()),
        ):
            assert set(store.ids(query)) == expected, query
            assert store.count(query) == len(expected), query
        with pytest.raises(NotFoundError, match="P-none"):
            store.pattern("P-none")

    def test_threads_that_suppress_and_find_attacks_end_safe(self, store: Store) -> None:
        findings = _filled(store, 48)

        def decide(number: int) -> int:
            finding = findings[number]
            entry: Entry = make_suppression(finding, entities=(finding.entity,))
            if number % 12 == 5:
                entry = make_verdict(finding, label=TRUE)
            return store.append([entry])[0].number

        with ThreadPoolExecutor(8) as pool:
            numbers = sorted(pool.map(decide, range(48)))
        assert numbers == list(range(2, 50))
        attacked = findings[1].pattern_id
        assert store.protected() == {attacked}
        assert _suppressed(store) == {one.id for one in findings if one.pattern_id != attacked}
        enabled = [one for one in store.suppressions() if one.disabled_by is None]
        assert attacked not in {one.decision.scope.pattern_id for one in enabled}
        assert sum(one.suppressed for one in enabled) == len(_suppressed(store))
