from pathlib import Path

import pytest

from deepaid_core.registry import DETECTORS, INTERPRETERS, SOURCES
from deepaid_core.testing.listing import (
    BEGIN,
    END,
    hyperparameter_tables,
    registry_table,
    with_hyperparameters,
    with_table,
)

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "adding-a-detector.md").read_text(encoding="utf-8")
DETECTORS_PAGE = (DOCS / "detectors.md").read_text(encoding="utf-8")


def test_the_guide_lists_exactly_what_is_registered():
    assert with_table(GUIDE) == GUIDE, "python -m deepaid_core.testing.listing writes it anew"


def test_the_page_of_detectors_lists_exactly_their_hyperparameters():
    assert with_hyperparameters(DETECTORS_PAGE) == DETECTORS_PAGE, (
        "python -m deepaid_core.testing.listing docs/detectors.md writes it anew"
    )


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_has_its_place_on_its_page(name):
    assert f"### `{name}`\n" in hyperparameter_tables()
    advice, _, _ = DETECTORS_PAGE.partition("## Hyperparameters")
    assert f"`{name}`" in advice, "say there when to choose it"


@pytest.mark.parametrize("name", [*SOURCES, *DETECTORS, *INTERPRETERS])
def test_everything_registered_is_told_in_a_sentence(name):
    (line,) = [line for line in registry_table().splitlines() if f"| `{name}` |" in line]
    _, _, _, reads, sentence, _ = line.split("|")
    assert reads.strip()
    assert len(sentence.split()) > 3


def test_the_last_step_of_the_guide_is_to_run_the_suite():
    steps = [line for line in GUIDE.splitlines() if line[:1].isdigit()]
    assert [int(step.partition(".")[0]) for step in steps] == list(range(1, len(steps) + 1))
    assert "Run the suite" in steps[-1]


def test_a_page_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        with_table("# A page")
    with pytest.raises(ValueError, match="no place for the table"):
        with_hyperparameters("# A page")
    assert registry_table() in with_table(f"{BEGIN}{END}")
