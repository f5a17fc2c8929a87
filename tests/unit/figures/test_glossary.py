"""Every word and column that the pages show is explained."""

import json

import pytest

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures import glossary
from deepaid_core.sources.afterimage_schema import afterimage_schema
from deepaid_core.workflow.demo import DEMOS


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
def test_every_column_of_every_shipped_detector_has_an_entry_of_its_own(demo):
    schema = json.loads((demo.shipped / "detector.json").read_text(encoding="utf-8"))["schema"]
    for feature in schema.get("features", []):
        entry = glossary.column(feature["name"])
        assert entry.section in {"Packets", "Metrics"}, feature["name"]
        assert entry.name == feature["title"]
        assert feature["unit"] in {"", entry.unit}
    for role in schema.get("roles", []):
        assert glossary.column(role).section == "Logins"


def test_packet_columns_are_named_as_findings_name_them():
    for feature in afterimage_schema().features:
        entry = glossary.column(feature.name)
        assert (entry.name, entry.unit) == (feature.title, feature.unit)
    fields = {entry.column for entry in glossary.entries() if entry.section == "Packets"}
    assert fields == {field.name for field in afterimage_schema().fields}


def test_entries_are_whole_unique_and_in_the_order_of_their_sections():
    entries = glossary.entries()
    assert list(dict.fromkeys(one.section for one in entries)) == list(glossary.SECTIONS)
    assert len({(one.section, one.name.casefold()) for one in entries}) == len(entries)
    for one in entries:
        assert one.meaning.endswith("."), one.name
        assert one.example, one.name
        assert "alert" not in one.meaning.lower()


def test_the_words_of_the_project_are_explained():
    named = {one.name.lower() for one in glossary.entries()}
    words = "event score threshold anomaly reference deviation interpretation field finding verdict"
    assert {*words.split(), "pattern", "suppression", "detector", "case", "verified"} <= named
    assert {label.value for label in VerdictLabel} <= named


@pytest.mark.parametrize(
    ("column", "name", "unit"),
    [
        ("HH_0.1_mean_0", "packet size from this host to the other: average, last 10 s", "bytes"),
        ("ws05.bytes_out", "ws05 bytes out", "bytes"),
        ("service=http", "service: http", ""),
        ("src_bytes", "src_bytes", ""),
        ("HH_7.0_mean_0", "HH_7.0_mean_0", ""),
        ("MI_dir_5.0_pcc", "MI_dir_5.0_pcc", ""),
        ("=", "=", ""),
        ("", "", ""),
    ],
)
def test_any_column_gets_a_plain_name(column, name, unit):
    entry = glossary.column(column)
    assert (entry.name, entry.unit, entry.column) == (name, unit, column)
    assert entry.meaning.endswith(".")
