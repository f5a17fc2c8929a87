"""How firm an interpretation is, told to an analyst."""

from dataclasses import replace

import pytest

from deepaid_core.domain.modality import Modality
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.figures.firmness import (
    can_change_a_little,
    firmness_sentences,
    firmness_table,
)
from tests.factories import make_interpretation

SAME = Kept(size=0.01, tries=3, flagged=3, shown=1.0, ranking=0.9)
FIRM = Quality(flips_at=3, coherent=None, stability=1.0, noise=SAME)


def told(quality, **overrides):
    return " ".join(firmness_sentences(make_interpretation(quality=quality, **overrides)))


def values(quality, **overrides):
    table = firmness_table(make_interpretation(quality=quality, **overrides))
    return {name: value for name, value, _ in table.rows}


def test_what_was_never_measured_is_said_to_be_so():
    assert told(None) == "How firm this interpretation is was not measured when it was stored."
    assert firmness_table(make_interpretation()).rows == ()


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (FIRM, "names the same deviations."),
        (FIRM, "(1 % of each column's range) leave what is named as it is."),
        (replace(FIRM, stability=0.5), "names other deviations too: 50 % agree."),
        (replace(FIRM, noise=replace(SAME, shown=0.75)), "keep 75 % of what is named."),
        (replace(FIRM, noise=replace(SAME, flagged=2)), "In 1 of 3 tries it was no longer an"),
        (replace(FIRM, noise=replace(SAME, flagged=0, shown=None, ranking=None)), "barely an"),
        (replace(FIRM, attack=SAME), "did not change what is named in 3 tries."),
        (replace(FIRM, attack=replace(SAME, shown=0.4)), "40 % of it stays at worst."),
        (replace(FIRM, attack=replace(SAME, shown=0.0)), "something else altogether."),
        (replace(FIRM, coherent=False), "has no value or several"),
    ],
)
def test_each_measure_is_a_sentence(quality, words):
    assert words in told(quality)


def test_what_was_not_asked_is_not_told():
    assert "attacker" not in told(FIRM)
    assert "category" not in told(FIRM)
    assert "category" not in told(replace(FIRM, coherent=True))


def test_the_table_holds_every_measure():
    assert values(replace(FIRM, attack=replace(SAME, shown=0.0), coherent=True)) == {
        "Deviations until accepted": "3 of 3",
        "Asked again": "100 %",
        "Random changes: deviations": "100 %",
        "Random changes: ranking": "90 %",
        "Attack: deviations": "0 %",
        "Attack: ranking": "90 %",
        "Categories whole": "yes",
    }
    assert values(FIRM)["Attack"] == "not measured"
    assert values(replace(FIRM, flips_at=0))["Deviations until accepted"] == "more than 3"


@pytest.mark.parametrize("modality", [Modality.SEQUENCE, Modality.LINK])
def test_names_and_keys_have_a_reason_instead_of_a_number(modality):
    discrete = replace(FIRM, noise=None)
    assert "cannot change a little" in told(discrete, modality=modality)
    assert values(discrete, modality=modality)["Small changes"] == "n/a"
    assert not can_change_a_little(make_interpretation(modality=modality))
    assert can_change_a_little(make_interpretation())


def test_newer_measures_replace_the_stored_ones():
    stored = make_interpretation(quality=FIRM)
    newer = replace(FIRM, stability=0.25)
    assert "25 % agree" in " ".join(firmness_sentences(stored, newer))
    assert ("Asked again", "25 %") in [row[:2] for row in firmness_table(stored, newer).rows]
