import pytest

import deepaid_core.sources
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.base import Source
from deepaid_core.testing.classes import concrete_subclasses, registered
from deepaid_core.testing.detectors import expected_failures
from deepaid_core.testing.planted_files import PLANTED_FILES, write_planted
from deepaid_core.testing.sources import CHECKS, SourceCase


def cases():
    for name in SOURCES:
        for check in CHECKS:
            why = expected_failures(load(SOURCES, name)).get(check.__name__)
            marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
            yield pytest.param(name, check, marks=marks, id=f"{name}-{check.__name__}")


@pytest.mark.parametrize(("name", "check"), tuple(cases()))
def test_source(name, check, tmp_path):
    check(SourceCase(load(SOURCES, name), write_planted(name, tmp_path), tmp_path))


def test_every_source_class_is_registered():
    assert concrete_subclasses(deepaid_core.sources, Source) == registered(SOURCES)


def test_every_source_has_a_planted_file():
    assert set(SOURCES) <= set(PLANTED_FILES)


@pytest.mark.parametrize("name", SOURCES)
def test_expected_failures_name_checks(name):
    known = {check.__name__ for check in CHECKS}
    assert set(expected_failures(load(SOURCES, name))) <= known
