"""The guides name what there is."""

import re
from pathlib import Path

import pytest

from deepaid_core.cli.main import COMMANDS
from deepaid_ui import investigate_keys, queue_keys

DOCS = Path(__file__).parents[2] / "docs"


def _text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_analysts_guide_names_every_key():
    table = _text("analysts.md").partition("## Keys")[2]
    named = set(re.findall(r"`([^`]+)`", table))
    keys = {key for key, _ in (*queue_keys.KEYS, *investigate_keys.KEYS)}
    assert keys - {"2", "3", "4"} == named


@pytest.mark.slow
def test_the_researchers_guide_tells_how_to_make_every_section_again():
    from benchmarks.run import SECTIONS  # takes seconds, since it imports all that it measures

    table = _text("researchers.md").partition("## Reproduce")[2]
    rows = re.findall(r"^\| ([^|]+) \| `([a-z][a-z-]*)`", table, flags=re.MULTILINE)
    assert {name for _, name in rows} == set(SECTIONS)
    headings = set(re.findall(r"^## (.+)$", _text("benchmarks.md"), flags=re.MULTILINE))
    assert {title.strip() for title, _ in rows} <= headings


def test_guides_link_to_files_and_commands_that_exist():
    groups = {"audit", "cases", "data", "detectors", "machine"}
    for name in ("analysts.md", "researchers.md", "developers.md", "evaluation.md"):
        text = _text(name)
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (DOCS / target).exists(), f"{name}: {target}"
        for command in re.findall(r"`deepaid ([a-z]+)", text):
            assert command in {*COMMANDS, *groups}, f"{name}: {command}"
        for path in re.findall(r"`((?:deepaid_core|deepaid_ui|tests)/[\w./]+)`", text):
            assert (DOCS.parent / path).exists(), f"{name}: {path}"
