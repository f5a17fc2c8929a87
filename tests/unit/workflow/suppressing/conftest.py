"""A workspace of forty findings for each test, copied from one that is made once."""

import pytest

from tests.suppressing import copied, make_template


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def workspace(template, tmp_path):
    opened = copied(template, tmp_path / "home")
    yield opened
    opened.close()
