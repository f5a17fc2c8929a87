"""The generated log of the benchmark of long logs, and its page."""

from benchmarks import bench_scale
from benchmarks.scale_log import Analysts
from deepaid_core.domain.log import NewRestore, NewUndo
from deepaid_core.domain.verdict import NewVerdict


def test_the_log_is_the_same_each_time_and_takes_back_only_what_is_in_force():
    log = list(Analysts(patterns=50, seed=1).log(2_000))
    assert log == list(Analysts(patterns=50, seed=1).log(2_000))
    assert [line.number for line in log] == list(range(1, len(log) + 1))
    held: set[int] = set()
    fallen: set[int] = set()
    for line in log:
        if isinstance(line.entry, NewUndo):
            held.remove(line.entry.entry_number)
            fallen.add(line.entry.entry_number)
        elif isinstance(line.entry, NewRestore):
            fallen.remove(line.entry.entry_number)
            held.add(line.entry.entry_number)
        else:
            held.add(line.number)
    verdicts = [line.entry for line in log if isinstance(line.entry, NewVerdict)]
    assert len(verdicts) == 2_000
    assert len({one.pattern_id for one in verdicts}) == 50
    assert fallen


def test_the_same_machine_comes_from_memory_and_from_the_database(monkeypatch, tmp_path):
    monkeypatch.setattr(bench_scale, "CALLS", 20)
    monkeypatch.setattr(bench_scale, "SLICE", 100)
    size = bench_scale._in_memory(400, 40)
    written = bench_scale._write(400, 40, tmp_path)
    stored = bench_scale._read(tmp_path)
    assert size["same"]
    assert size["digest"] == stored["digest"]
    assert size["entries"] == written["entries"] > size["verdicts"] == 400
    assert size["known"]["known"] > 0.9
    assert size["unknown"]["known"] == 0.0
    page = bench_scale.section(
        {"calls": 20, "sizes": [size, size], "stored": {**written, **stored}}
    )
    assert "400 verdicts on" in page
    assert page.count("| yes | yes |") == 1
