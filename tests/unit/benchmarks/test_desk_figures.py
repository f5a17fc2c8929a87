"""The page of the benchmark of a full store."""

import math
import os

from benchmarks import bench_desk
from deepaid_core.workflow.reporting import FORMATS

STORE = {
    "findings": 100_000, "open_findings": 70_000, "closed": 20_000, "suppressed": 10_000,
    "patterns": 2_000, "verdicts": 900, "suppressions": 30, "cases": 40, "assigned": 240,
    "database_mb": 1400.0, "fill_s": 40.0,
}  # fmt: skip
REPORT = {"seconds": 3.25, "mb": 5.5, "peak_mb": 400.0}


def figures(pages):
    return {
        "store": STORE,
        "repeats": 7,
        "pages": pages,
        "reports": dict.fromkeys(FORMATS, REPORT),
        "in_a_report": 200,
    }


def test_every_step_and_every_format_has_a_row():
    step = {"median_s": 0.5, "slowest_s": 1.25}
    memory = {"started": 150.0, "first_page": 200.0, "end": 300.0, "peak": 350.0}
    pages = {"steps": dict.fromkeys(bench_desk.STEPS, step), "memory_mb": memory}
    page = bench_desk.section(figures(pages))
    assert page.count("| 0.50 | 1.25 |") == len(bench_desk.STEPS)
    assert all(f"| {form} | 3.2 | 5.5 | 400 |" in page for form in FORMATS)
    assert "300 MB in the end, 350 MB at most" in page


def test_without_a_browser_the_reports_are_told_alone():
    page = bench_desk.section(figures(None))
    assert "Headless Chromium" not in page
    assert "A report of 200 findings" in page


def test_the_memory_of_a_process_is_read_where_the_system_tells_it():
    found = bench_desk.memory_mb(os.getpid())
    assert math.isnan(found["VmRSS"]) or 0 < found["VmRSS"] <= found["VmHWM"]
