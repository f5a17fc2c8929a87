"""Results as a page of Markdown."""

from typing import Any

from benchmarks import (
    bench_desk,
    bench_links,
    bench_scale,
    bench_sequences,
    bench_series,
    comparison_page,
    detectors_page,
    few_shot_page,
    triage_page,
)

__all__ = ["render"]

HEAD = """# Benchmarks

Written by `make bench`; do not edit. The raw figures stand in `benchmarks.json`, the code in
`benchmarks/`. Times are of the machine named with them and vary with it; compare ratios. The
labels of `sample_data/` are used here and in tests only, never by a detector.
"""


def render(results: dict[str, Any]) -> str:
    """The page of the sections that were measured."""
    parts = [HEAD]
    for name, section in SECTIONS.items():
        if name in results:
            result = results[name]
            machine = result["machine"]
            parts.append(section(result["figures"]))
            parts.append(
                f"Measured {result['measured'].removesuffix('+00:00')} UTC at commit "
                f"{result['commit']} with `python -m benchmarks.run --only {name}{_size(result)}` "
                f"on {machine['processor']}, {machine['memory']}, load {result['load_before']} "
                f"before it; Python {machine['python']}, torch {machine['torch']}, "
                f"numba {machine['numba']}, streamlit {machine['streamlit']}.\n"
            )
    return "\n".join(parts)


def _size(result: dict[str, Any]) -> str:
    return " --full" if result["figures"].get("size") == "full" else ""


def _detection(f: dict[str, Any]) -> str:
    lines = [
        "## Detection on recorded traffic\n",
        "The shipped autoencoder, trained on `train_benign.pcap.gz` only, on every packet of "
        f"`eval.pcap.gz`. Threshold {f['threshold']:.4f} ({f['threshold_method']}): the quantile "
        "was chosen with these results in view, the threshold itself from normal traffic only.\n",
        "| Measure | Value |",
        "|---|---|",
        f"| ROC AUC per packet, attack against background | {f['auc']:.4f} |",
        f"| average precision, attack against background | {f['average_precision']:.4f} |",
        f"| false-alarm rate on {f['background']:,} background packets "
        f"| {f['false_alarm_rate']:.2%} |",
        f"| attack packets flagged | {f['recall']:.1%} |",
        f"| anomalies among {f['packets']:,} packets | {f['anomalies']:,} |",
        f"| events scored per second | {f['scored_per_s']:,.0f} |",
        "",
        "An event counts as found when at least 1 % of its packets are flagged. AUC: its packets "
        "against background.\n",
        "| Event | Kind | Packets | Flagged | AUC | Found |",
        "|---|---|---|---|---|---|",
    ]
    for row in f["events"]:
        found = row["flagged"] >= 0.01
        lines.append(
            f"| {row['event']} | {'attack' if row['attack'] else 'benign'} "
            f"| {row['packets']:,} | {row['flagged']:.1%} | {row['auc']:.3f} "
            f"| {'yes' if found else 'no'} |"
        )
    for attack, what in ((True, "attacks"), (False, "benign unusual events")):
        rows = [row for row in f["events"] if row["attack"] == attack]
        found_count = sum(row["flagged"] >= 0.01 for row in rows)
        lines.append(f"\nFound: {found_count} of {len(rows)} {what}.")
    return "\n".join(lines) + "\n"


def _interpretation(f: dict[str, Any]) -> str:
    demos = f["demos"]
    rows = {
        "kind of data": "{modality}",
        "interpreter": "`{interpreter}`",
        "events scored": "{events:,}",
        "anomalies": "{anomalies:,}",
        "interpreted in one batched run": "{interpreted:,}",
        "wall time, s": "{wall_s:.2f}",
        "interpretations per second": "{per_s:,.0f}",
        "CPU seconds per 1000": "{cpu_s_per_1000:.2f}",
        "one alone, median, ms": "{single_ms:.0f}",
        "one alone, slowest of 50, ms": "{slowest_single_ms:.0f}",
        "not verified": "{not_verified:.2%}",
        "stored references marked verified that the detector accepts when scored again": (
            "{rescored:.0%}"
        ),
        "deviations needed, median": "{median_needed:.0f}",
        "findings": "{findings:,}",
        "of them with a single event": "{single_event_findings:,}",
        "patterns": "{patterns:,}",
    }
    lines = [
        "## Interpretation of all anomalies of the four demos\n",
        "One batched run of the default interpreter each; of the flagged windows of a log session "
        "the worst is interpreted. Then a fresh demo workspace, whose stored references are scored "
        "again.\n",
        f"| Measure | {' | '.join(f'`{name}`' for name in demos)} |",
        "|---" * (len(demos) + 1) + "|",
    ]
    lines += [
        f"| {what} | {' | '.join(form.format(**demo) for demo in demos.values())} |"
        for what, form in rows.items()
    ]
    lines += ["", "Interpretations by deviations needed (0: none found):\n"]
    for name, demo in demos.items():
        counted = sorted(demo["needed"].items(), key=_as_number)
        lines.append(f"- `{name}`: {', '.join(f'{k}: {n:,}' for k, n in counted)}")
    lines.append(f"\nDemo workspace from nothing, in a running process: {f['demo_s']:.1f} s.\n")
    return "\n".join(lines)


def _as_number(item: tuple[str, int]) -> int:
    return int(item[0])


def _packets(f: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Packets to features\n",
            "CPU time of one thread on `eval.pcap.gz`, medians.\n",
            "| Step | Packets per second |",
            "|---|---|",
            f"| 100 features from decoded headers | {f['kernel']:,.0f} |",
            f"| file to decoded headers, unpacking included | {f['decode']:,.0f} |",
            f"| file to features | {f['file_to_features']:,.0f} |",
            f"| dpkt's objects for the same file, no features | {f['dpkt']:,.0f} |",
            "",
            f"File to features is {f['times_faster_than_dpkt']:.1f} times as fast as parsing the "
            "same file into dpkt's objects.\n",
        ]
    )


def _pages(f: dict[str, Any]) -> str:
    rows = {
        "`deepaid demo` on an empty workspace to the first interpretation on screen": "start_s",
        "new server to its overview, browser that was here before": "cold_page_s",
        "the same, browser without any of its scripts": "empty_browser_s",
        "overview to queue": "to_queue_s",
        "queue to patterns": "to_patterns_s",
        "another filter of the queue": "filter_s",
        "preview of a row": "preview_s",
        "overview to a finding": "open_finding_s",
        "the same, every chart drawn": "finding_whole_s",
        "finding to the next one": "next_finding_s",
        "the next one, every chart drawn": "next_whole_s",
        "another tab of a finding": "tab_s",
        "verdict saved and its effect shown": "save_verdict_s",
        "slowest single answer of all these switches and clicks": "slowest_s",
    }
    return "\n".join(
        [
            "## Waiting in the browser\n",
            "Headless Chromium at 1440x900 on the demo workspace, drawing in software; medians of "
            "seven. A click is answered when the heading or line that it asked for stands.\n",
            "| Step | Seconds |",
            "|---|---|",
            *(f"| {what} | {f[key]:.2f} |" for what, key in rows.items()),
            "",
        ]
    )


SECTIONS = {
    "detection": _detection,
    "detectors": detectors_page.section,
    "interpretation": _interpretation,
    "comparison": comparison_page.section,
    "sequences": bench_sequences.section,
    "series": bench_series.section,
    "links": bench_links.section,
    "packets": _packets,
    "few-shot": few_shot_page.section,
    "scale": bench_scale.section,
    "triage": triage_page.section,
    "pages": _pages,
    "desk": bench_desk.section,
}
