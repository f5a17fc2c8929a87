"""The glossary on its page, and beside the deviations."""

from tests.pages.conftest import HOSTILE

PAGE = "pages/system/glossary.py"


def _names(app):
    return [_plain(name) for name in app.table[0].value["Name"]]


def _plain(cell):
    return cell.replace("\\", "")


def test_all_entries_are_listed_and_the_address_narrows_them(open_page):
    app = open_page(PAGE)
    assert not app.exception
    assert {"Score", "Finding", "Verified"} <= set(_names(app))
    assert _names(open_page(PAGE, q="closest normal")) == ["Reference"]
    packets = _names(open_page(PAGE, section="Packets"))
    assert len(packets) == 19


def test_a_column_is_found_by_its_name_in_the_data(open_page):
    first, *_ = _names(open_page(PAGE, q="HH_0.1_mean_0"))
    assert first == "packet size from this host to the other: average, last 10 s"
    assert _names(open_page(PAGE, q="ws05.bytes_out"))[0] == "ws05 bytes out"


def test_a_search_without_a_hit_says_what_to_do(open_page):
    app = open_page(PAGE, q=HOSTILE)
    assert not app.exception
    assert not app.table
    assert "No entry matches" in app.markdown[0].value


def test_a_finding_explains_the_columns_of_its_deviations(findings, open_page):
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    assert not app.exception
    (table,) = [one for one in app.table if "What it means" in one.value.columns]
    shown = [one.cells[0].name for one in findings[0].interpretation.deviations]
    assert [_plain(name) for name in table.value["Column"]] == shown
