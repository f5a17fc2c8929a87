"""What every store promises, as tests; a class per kind of store gives it a `store`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.log import NewUndo
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.severity import SEVERITY_BOUNDS
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import InvalidParameterError, NotFoundError, StaleWriteError
from deepaid_core.store.base import Store
from tests.factories import (
    PATHS,
    START,
    make_detector_record,
    make_finding,
    make_run,
    make_verdict,
)

SORTS = {
    "score": lambda f: (-f.max_score / f.threshold, -f.max_score, f.id),
    "newest": lambda f: (-f.last_time, f.id),
    "oldest": lambda f: (f.first_time, f.id),
    "events": lambda f: (-f.event_count, f.id),
    "entity": lambda f: (f.entity, f.id),
}
FILTERS = (
    (FindingQuery(), lambda f: True),
    (FindingQuery(detector_name="logins"), lambda f: f.detector_name == "logins"),
    (FindingQuery(entity="10.77.0.13"), lambda f: f.entity == "10.77.0.13"),
    (
        FindingQuery(pattern_id=make_finding(1).pattern_id),
        lambda f: f.pattern_id == make_finding(1).pattern_id,
    ),
    (FindingQuery(verified=False), lambda f: not f.interpretation.diagnostics.verified),
    (FindingQuery(min_ratio=2.0), lambda f: f.max_score / f.threshold >= 2.0),
    (FindingQuery(max_ratio=2.0), lambda f: f.max_score / f.threshold < 2.0),
    (
        FindingQuery(since=make_finding(5).last_time),
        lambda f: f.last_time >= make_finding(5).last_time,
    ),
    (
        FindingQuery(until=make_finding(5).first_time),
        lambda f: f.first_time < make_finding(5).first_time,
    ),
    (FindingQuery(paths=PATHS[:2]), lambda f: f.path in PATHS[:2]),
    (FindingQuery(paths=()), lambda f: False),
    (FindingQuery(paths=(PATHS[0][::-1],)), lambda f: False),
    (FindingQuery(text="mi_WEIGHT"), lambda f: "MI_weight" in f.summary),
    (FindingQuery(text="203.0.113.9"), lambda f: True),
    (FindingQuery(text="10.77.0.1%"), lambda f: False),
    (FindingQuery(text="10_77"), lambda f: False),
    (FindingQuery(verdict="false positive"), lambda f: False),
    (FindingQuery(status=Status.CLOSED), lambda f: False),
    (
        FindingQuery(
            status=Status.OPEN, detector_name="packets", verified=True, text="hh_", sort="oldest"
        ),
        lambda f: (
            f.detector_name == "packets"
            and f.interpretation.diagnostics.verified
            and "HH_" in f.summary
        ),
    ),
)
ODD_TEXT = "a\x00b\x1ac\ud800 ’; DROP TABLE findings; -- 100%_\\ \n<script>"


def _filled(store: Store, count: int = 24) -> list[Finding]:
    findings = [
        make_finding(
            number,
            verified=number % 5 != 0,
            event_count=number % 3 + 1,
            detector_name="logins" if number % 7 == 0 else "packets",
        )
        for number in range(count)
    ]
    assert store.add_run(make_run(), findings) == count
    return findings


def _state(store: Store, finding: Finding) -> tuple[Status, str | None, str | None, int | None]:
    row = store.row(finding.id)
    return row.status, row.verdict, row.category, row.verdict_number


class StoreContract:
    """The promises of `Store`."""

    def test_a_finding_comes_back_as_it_was_written(self, store: Store) -> None:
        first, second = make_finding(1), make_finding(2, verified=False)
        store.add_run(make_run(), [first, second])
        assert store.finding(first.id) == first
        assert store.finding(second.id) == second
        assert not store.row(second.id).verified

    def test_text_of_attackers_comes_back_as_it_was_written(self, store: Store) -> None:
        finding = make_finding(
            entity=ODD_TEXT,
            summary=ODD_TEXT,
            source_name=ODD_TEXT,
            path=(ODD_TEXT, "b\nc"),
            peers={ODD_TEXT: 1},
        )
        store.add_run(make_run(source_name=ODD_TEXT), [finding])
        store.append([make_verdict(finding, reason=ODD_TEXT, author=ODD_TEXT)])
        assert store.finding(finding.id) == finding
        assert store.row(finding.id).entity == ODD_TEXT
        assert store.ids(FindingQuery(entity=ODD_TEXT)) == (finding.id,)
        assert store.ids(FindingQuery(text=ODD_TEXT)) == (finding.id,)
        assert store.ids(FindingQuery(paths=(finding.path,))) == (finding.id,)
        assert store.distinct("entity") == (ODD_TEXT,)
        assert store.verdicts()[0].decision.reason == ODD_TEXT
        assert store.patterns()[0].states == finding.pattern
        with pytest.raises(NotFoundError):
            store.finding(ODD_TEXT)

    def test_very_long_entities_stay_whole_and_apart(self, store: Store) -> None:
        long = "’" * 5000
        findings = [make_finding(0, entity=long + "a"), make_finding(4, entity=long + "b")]
        store.add_run(make_run(), findings)
        assert store.finding(findings[0].id) == findings[0]
        assert store.ids(FindingQuery(entity=findings[1].entity)) == (findings[1].id,)
        assert len(store.groups(FindingQuery(), "entity", limit=9)) == 2

    def test_an_empty_path_is_not_a_path_with_an_empty_state(self, store: Store) -> None:
        finding = make_finding(path=())
        store.add_run(make_run(), [finding])
        assert store.finding(finding.id) == finding
        assert store.count(FindingQuery(paths=((),))) == 1
        assert store.count(FindingQuery(paths=(("",),))) == 0

    def test_writing_again_changes_nothing(self, store: Store) -> None:
        finding = make_finding()
        assert store.add_run(make_run(), [finding]) == 1
        store.append([make_verdict(finding)])
        before = store.row(finding.id)
        changed = replace(finding, summary="other")
        assert store.add_run(make_run(events=9), [changed, make_finding(1)]) == 1
        assert store.row(finding.id) == before
        assert store.runs() == (make_run(),)

    def test_detectors_and_runs_come_newest_first(self, store: Store) -> None:
        for number in (1, 0, 2, 1):
            store.add_detector(make_detector_record(number))
            assert store.add_run(make_run(number), []) == 0
        assert store.detectors() == tuple(make_detector_record(n) for n in (2, 1, 0))
        assert store.runs() == tuple(make_run(n) for n in (2, 1, 0))

    @pytest.mark.parametrize("sort", SORTS)
    def test_order_pages_and_neighbours_agree(self, store: Store, sort: str) -> None:
        findings = _filled(store)
        query = FindingQuery(sort=sort)  # type: ignore[arg-type]
        expected = [f.id for f in sorted(findings, key=SORTS[sort])]
        assert list(store.ids(query)) == expected
        assert [r.id for r in store.page(query, limit=7, offset=5)] == expected[5:12]
        assert [r.id for r in store.page(query, limit=7, offset=23)] == expected[23:]
        neighbours = [store.neighbours(query, finding_id) for finding_id in expected]
        assert neighbours == list(zip([None, *expected[:-1]], [*expected[1:], None], strict=True))

    def test_rows_come_in_the_order_asked_for_or_not_at_all(self, store: Store) -> None:
        wanted = store.ids(FindingQuery(sort="oldest"))[::-1]
        assert store.rows(wanted) == tuple(store.row(one) for one in wanted)
        assert store.rows(()) == ()
        with pytest.raises(NotFoundError, match="F-nowhere"):
            store.rows((*wanted, "F-nowhere"))

    def test_a_finding_outside_the_query_has_neighbours_at_its_place(self, store: Store) -> None:
        findings = sorted(_filled(store), key=SORTS["score"])
        store.append([make_verdict(findings[3])])
        still_open = FindingQuery(status=Status.OPEN)
        assert store.neighbours(still_open, findings[3].id) == (findings[2].id, findings[4].id)
        with pytest.raises(NotFoundError, match="F-none"):
            store.neighbours(still_open, "F-none")

    def test_a_threshold_of_zero_still_sorts_by_score(self, store: Store) -> None:
        findings = [make_finding(n, threshold=0.0, max_score=float(n)) for n in range(5)]
        store.add_run(make_run(), findings)
        expected = tuple(f.id for f in reversed(findings))
        assert store.ids(FindingQuery()) == expected
        assert store.neighbours(FindingQuery(), expected[2]) == (expected[1], expected[3])
        assert store.row(expected[0]).ratio == float("inf")
        assert store.groups(FindingQuery(), "detector", limit=1)[0].max_ratio == float("inf")

    def test_a_filter_finds_exactly_what_matches(self, store: Store) -> None:
        findings = _filled(store)
        for query, matches in FILTERS:
            ordered = sorted(findings, key=SORTS[query.sort])
            expected = [f.id for f in ordered if matches(f)]
            assert list(store.ids(query)) == expected, query
            assert store.count(query) == len(expected), query
            assert [row.id for row in store.page(query, limit=100)] == expected, query

    def test_more_paths_can_be_asked_for_than_a_statement_has_parameters(
        self, store: Store
    ) -> None:
        _filled(store)
        many = tuple((f"HH_mean:up:{number}",) for number in range(70_000))
        assert store.count(FindingQuery(paths=(*many, PATHS[2]))) == 6

    def test_search_also_reads_the_category_in_force(self, store: Store) -> None:
        findings = _filled(store, 4)
        (entry,) = store.append([make_verdict(findings[2], category="Port-Scan Ä")])
        assert store.ids(FindingQuery(text="scan ä")) == (findings[2].id,)
        assert store.distinct("category") == ("Port-Scan Ä",)
        store.append([NewUndo(entry.number, "ana")])
        assert store.ids(FindingQuery(text="scan ä")) == ()
        assert store.distinct("category") == ()

    @pytest.mark.parametrize(
        ("by", "key"),
        [("pattern", "pattern_id"), ("entity", "entity"), ("detector", "detector_name")],
    )
    def test_groups_count_what_matches(self, store: Store, by, key: str) -> None:
        findings = _filled(store)
        closed = findings[4]
        store.append([make_verdict(closed)])
        for query in (FindingQuery(), FindingQuery(verified=True)):
            matching = [
                f
                for f in findings
                if query.verified is None or f.interpretation.diagnostics.verified
            ]
            groups = store.groups(query, by, limit=100)
            keys = {getattr(f, key) for f in matching}
            assert {g.key for g in groups} == keys
            assert store.count_groups(query, by) == len(keys)
            ranks = [(-g.open_findings, -g.max_ratio, g.key) for g in groups]
            assert ranks == sorted(ranks)
            assert store.groups(query, by, limit=1, offset=1) == groups[1:2]
            for group in groups:
                of_group = [f for f in matching if getattr(f, key) == group.key]
                best = min(of_group, key=SORTS["score"])
                assert group.findings == len(of_group)
                assert group.open_findings == len([f for f in of_group if f is not closed])
                assert group.events == sum(f.event_count for f in of_group)
                assert group.entities == len({f.entity for f in of_group})
                assert group.first_time == min(f.first_time for f in of_group)
                assert group.last_time == max(f.last_time for f in of_group)
                assert (group.example_id, group.example_summary) == (best.id, best.summary)
                assert group.max_ratio == best.max_score / best.threshold

    def test_a_pattern_counts_decisions_in_force_and_not_findings(self, store: Store) -> None:
        findings = _filled(store)
        siblings = [f for f in findings if f.pattern_id == findings[1].pattern_id]
        assert len(siblings) > 2
        first, second, _ = store.append(
            [
                make_verdict(*siblings),
                make_verdict(siblings[0], label=VerdictLabel.TRUE_POSITIVE, category="scan"),
                make_verdict(siblings[1], label=VerdictLabel.UNDETERMINED, category=""),
            ]
        )
        (row,) = [p for p in store.patterns() if p.pattern_id == siblings[0].pattern_id]
        assert (row.false_positives, row.true_positives, row.undetermined) == (1, 1, 1)
        assert (row.findings, row.open_findings) == (len(siblings), 1)
        assert row.states == siblings[0].pattern
        assert row.example_path == siblings[0].path
        store.append([NewUndo(first.number, "ana"), NewUndo(second.number, "ana")])
        (row,) = [p for p in store.patterns() if p.pattern_id == siblings[0].pattern_id]
        assert (row.false_positives, row.true_positives, row.undetermined) == (0, 0, 1)
        assert row.open_findings == len(siblings)

    def test_open_paths_count_only_open_findings(self, store: Store) -> None:
        findings = _filled(store)
        gone = [f for f in findings if f.path == PATHS[2] and f.detector_name == "packets"]
        other = next(f for f in findings if f.path == PATHS[1] and f.detector_name == "packets")
        store.append([make_verdict(*gone), make_verdict(other)])
        counts = {(p.detector_name, p.path): p.open_findings for p in store.open_paths()}
        closed = {f.id for f in (*gone, other)}
        expected: dict[tuple[str, tuple[str, ...]], int] = {}
        for f in findings:
            if f.id not in closed:
                key = (f.detector_name, f.path)
                expected[key] = expected.get(key, 0) + 1
        assert counts == expected

    def test_the_overview_adds_up(self, store: Store) -> None:
        findings = _filled(store)
        number = store.append([make_verdict(findings[3], findings[8])])[0].number
        store.append([make_verdict(findings[3]), NewUndo(number, "bo")])
        overview = store.overview()
        assert (overview.findings, overview.open_findings, overview.suppressed) == (24, 23, 0)
        assert overview.patterns == len({f.pattern_id for f in findings})
        assert overview.decisions == 1
        assert overview.unverified == 5
        ratios = {f.id: f.max_score / f.threshold for f in findings if f is not findings[3]}
        assert overview.critical == sum(ratio >= SEVERITY_BOUNDS[0][1] for ratio in ratios.values())
        for one in overview.detectors:
            own = [f for f in findings if f.detector_name == one.name]
            assert (one.findings, one.unverified) == (
                len(own),
                sum(not f.interpretation.diagnostics.verified for f in own),
            )
        assert sum(one.open_findings for one in overview.detectors) == 23
        assert [sum(counts) for counts in zip(*(c for _, *c in overview.slots), strict=True)] == [
            23, 0, 1,
        ]  # fmt: skip
        for hour in overview.hours:
            inside = [
                f
                for f in findings
                if f.detector_name == hour.detector_name
                and hour.start <= f.first_time < hour.start + 3600
            ]
            assert (hour.findings, hour.suppressed) == (len(inside), 0)
            assert hour.closed == (findings[3] in inside)

    def test_findings_of_few_hours_are_counted_by_the_minute(self, store: Store) -> None:
        times = (59.0, 60.0, 61.0, 3 * 3600.0)
        hour = START // 3600 * 3600
        close = [make_finding(n, first_time=hour + t) for n, t in enumerate(times)]
        store.add_run(make_run(), close)
        near = store.overview()
        minutes = ((0.0, 1), (60.0, 2), (3 * 3600.0, 1))
        assert near.slot_s == 60.0
        assert near.slots == tuple((hour + start, count, 0, 0) for start, count in minutes)
        store.add_run(make_run(1), [make_finding(9, first_time=START + 8 * 3600.0)])
        far = store.overview()
        assert far.slot_s == 3600.0
        assert sum(slot[1] for slot in far.slots) == 5
        assert all(slot[0] % 3600 == 0 for slot in far.slots)

    def test_a_pattern_is_new_until_somebody_judges_it_and_for_a_day_of_additions(
        self, store: Store
    ) -> None:
        first = [make_finding(number) for number in range(4)]  # of four patterns
        store.add_run(make_run(), first)
        assert (store.overview().new_patterns, store.overview().patterns) == (4, 4)
        number = store.append([make_verdict(first[0])])[0].number
        assert store.overview().new_patterns == 3
        store.append([NewUndo(number, "ana")])
        assert store.overview().new_patterns == 4
        store.append([make_verdict(first[1], label=VerdictLabel.UNDETERMINED)])
        assert store.overview().new_patterns == 3

    def test_the_time_to_judge_is_that_of_the_first_verdict_in_force(self, store: Store) -> None:
        findings = _filled(store, 3)
        assert store.times_to_judge(since=0.0) == ()
        first = store.append([make_verdict(findings[0], findings[1])])[0]
        times = store.times_to_judge(since=0.0)
        assert len(times) == 2
        assert all(0.0 <= time < 60.0 for time in times)
        again = store.append([make_verdict(findings[0])])[0]
        assert store.times_to_judge(since=0.0) == times
        # Judged anew is not judged for the first time.
        assert store.times_to_judge(since=again.time + 60.0) == ()
        store.append([NewUndo(first.number, "ana")])
        (later,) = store.times_to_judge(since=0.0)
        assert later >= min(times)

    def test_runs_are_counted_by_detector_version(self, store: Store) -> None:
        store.add_run(make_run(0, last_time=START + 10.0), [])
        store.add_run(make_run(1, last_time=START + 5.0, events=7), [])
        store.add_run(make_run(2, detector_id="D-0000000001"), [])
        assert [(one.detector_id, one.runs, one.events) for one in store.run_counts()] == [
            ("D-0000000001", 1, 3000),
            ("D-5f0c2a91be", 2, 3007),
        ]
        assert store.run_counts()[1].last_time == START + 10.0
        assert store.run_counts()[1].finished_time == make_run(1).finished_time

    def test_an_empty_store_answers_every_question(self, store: Store) -> None:
        query = FindingQuery()
        assert (store.detectors(), store.runs(), store.log(), store.verdicts()) == ((),) * 4
        assert (store.page(query, limit=5), store.ids(query), store.count(query)) == ((), (), 0)
        assert (store.patterns(), store.open_paths(), store.distinct("entity")) == ((),) * 3
        assert store.groups(query, "pattern", limit=5) == ()
        assert store.overview().findings == 0
        assert (store.overview().slots, store.overview().added_time) == ((), None)
        assert (store.times_to_judge(since=0.0), store.run_counts()) == ((), ())
        assert store.version() == (0, 0)

    def test_what_cannot_be_asked_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidParameterError, match="'summary'"):
            store.distinct("summary")
        with pytest.raises(InvalidParameterError, match="'color'"):
            store.page(FindingQuery(sort="color"), limit=1)  # type: ignore[arg-type]
        with pytest.raises(InvalidParameterError, match="'color'"):
            store.groups(FindingQuery(), "color", limit=1)  # type: ignore[arg-type]
        with pytest.raises(NotFoundError, match="F-none"):
            store.row("F-none")

    def test_a_verdict_closes_and_undetermined_leaves_open(self, store: Store) -> None:
        finding = _filled(store, 1)[0]
        for label in VerdictLabel:
            (entry,) = store.append([make_verdict(finding, label=label, category="c")])
            status = Status.OPEN if label is VerdictLabel.UNDETERMINED else Status.CLOSED
            assert _state(store, finding) == (status, label.value, "c", entry.number)
            assert store.count(FindingQuery(verdict=label.value)) == 1

    def test_the_log_keeps_what_was_decided_in_order(self, store: Store) -> None:
        findings = _filled(store, 8)
        entries: list[NewVerdict | NewUndo] = [
            make_verdict(findings[0], findings[4], scope="pattern"),
            NewUndo(1, "bo", "looked again"),
            make_verdict(findings[5]),
        ]
        written = store.append(entries[:2]) + store.append(entries[2:])
        assert [line.entry for line in written] == entries
        assert [line.number for line in written] == [1, 2, 3]
        assert store.log() == written
        assert store.log(after=2) == written[2:]
        assert store.append([]) == ()

    def test_verdicts_come_newest_first_with_what_undid_them(self, store: Store) -> None:
        findings = _filled(store, 8)
        first = make_verdict(findings[0], findings[4])
        second = make_verdict(findings[1])
        third = make_verdict(findings[4])
        store.append([first, second, third, NewUndo(1, "bo")])
        assert [(v.number, v.decision, v.undone_by) for v in store.verdicts()] == [
            (3, third, None),
            (2, second, None),
            (1, first, 4),
        ]
        assert [v.number for v in store.verdicts(limit=1)] == [3]
        assert [v.number for v in store.verdicts(finding_id=findings[0].id)] == [1]
        assert [v.number for v in store.verdicts(finding_id=findings[4].id)] == [3, 1]
        assert [v.number for v in store.verdicts(pattern_id=findings[1].pattern_id)] == [2]

    def test_undo_brings_back_the_verdict_before(self, store: Store) -> None:
        one, other = _filled(store, 5)[0], make_finding(4)
        both = make_verdict(one, other, category="backup-job")
        later = make_verdict(one, label=VerdictLabel.TRUE_POSITIVE, category="exfiltration")
        store.append([both, later])
        store.append([NewUndo(2, "ana")])
        assert _state(store, one) == (Status.CLOSED, "false positive", "backup-job", 1)
        store.append([later, NewUndo(1, "ana")])
        assert _state(store, one) == (Status.CLOSED, "true positive", "exfiltration", 4)
        assert _state(store, other) == (Status.OPEN, None, None, None)
        store.append([NewUndo(4, "ana")])
        assert _state(store, one) == (Status.OPEN, None, None, None)

    def test_a_verdict_is_undone_once(self, store: Store) -> None:
        finding = _filled(store, 1)[0]
        store.append([make_verdict(finding), NewUndo(1, "ana")])
        with pytest.raises(StaleWriteError, match="already undone by ana"):
            store.append([NewUndo(1, "bo")])
        with pytest.raises(NotFoundError, match="Entry 2 "):
            store.append([NewUndo(2, "bo")])
        with pytest.raises(NotFoundError, match="Entry 99 "):
            store.append([NewUndo(99, "bo")])
        assert len(store.log()) == 2

    def test_decisions_are_written_all_or_none(self, store: Store) -> None:
        findings = _filled(store, 3)
        store.append([make_verdict(findings[2])])
        before = store.log(), [store.row(f.id) for f in findings]
        unknown = replace(make_verdict(findings[1]), finding_ids=(findings[1].id, "F-none"))
        with pytest.raises(NotFoundError, match="F-none"):
            store.append([make_verdict(findings[0]), NewUndo(1, "ana"), unknown])
        assert (store.log(), [store.row(f.id) for f in findings]) == before
        assert store.append([make_verdict(findings[0])])[0].number == 2

    def test_the_version_changes_with_every_write(self, store: Store) -> None:
        versions = [store.version()]
        findings = _filled(store, 2)
        versions.append(store.version())
        store.append([make_verdict(findings[0])])
        versions.append(store.version())
        store.append([NewUndo(1, "ana")])
        versions.append(store.version())
        assert versions == [(0, 0), (0, 2), (1, 2), (2, 2)]

    def test_threads_share_a_store(self, store: Store) -> None:
        findings = _filled(store)

        def decide(finding: Finding) -> int:
            number = store.append([make_verdict(finding)])[0].number
            assert store.row(finding.id).verdict_number == number
            return number

        with ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(decide, findings))
        assert sorted(numbers) == list(range(1, 25))
        assert store.count(FindingQuery(status=Status.OPEN)) == 0
