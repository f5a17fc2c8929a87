"""What the documentation and the packaging promise, compared with the code."""

import re
import tomllib
from pathlib import Path

import pytest
import streamlit
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deepaid_core.cli.main import COMMANDS, app
from deepaid_core.registry import DETECTORS, INTERPRETERS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "sample_data" / "README.md",
]
SOURCES = [
    ROOT / "app.py",
    *(
        path
        for folder in ("deepaid_core", "deepaid_ui", "pages", "benchmarks", "tests")
        for path in (ROOT / folder).rglob("*.py")
    ),
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def found_in(paths: list[Path], pattern: str) -> list[str]:
    return [
        f"{relative(path)}: {found}"
        for path in paths
        for found in re.findall(pattern, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(line.split("==")[0]): line for line in wanted}


def direct_dependencies() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    return [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_readme(name):
    assert f"`deepaid {name}" in README


def test_every_command_and_option_explains_itself():
    group = typer.main.get_command(app)
    unexplained = [
        f"{name} {parameter.name}"
        for name, command in group.commands.items()
        for parameter in command.params
        if not (getattr(parameter, "help", None) or parameter.name == "help")
    ]
    assert unexplained == []
    assert [name for name, command in group.commands.items() if not command.help] == []


@pytest.mark.parametrize("name", [*DETECTORS, *INTERPRETERS])
def test_every_detector_and_interpreter_stands_in_the_readme(name):
    assert f"`{name}`" in README


def test_every_environment_variable_is_documented():
    documented = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    used = {
        name
        for path in [*SOURCES, ROOT / "Makefile", ROOT / ".ci" / "run"]
        for name in re.findall(r"\bDEEPAID_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    assert used
    assert {name for name in used if name not in documented} == set()


def test_every_make_target_of_the_documentation_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), flags=re.MULTILINE)
    }
    assert {"app", "test", "lint"} <= named
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_the_documentation_keeps_to_the_words(page):
    avoided = r"\b(alerts?|incidents?|explainers?|feature importances?|expected values?)\b"
    assert re.findall(avoided, page.read_text(encoding="utf-8"), flags=re.IGNORECASE) == []


def test_the_readme_is_short():
    assert len(README.splitlines()) < 150


def test_no_file_names_a_folder_of_somebodys_machine():
    absolute = r"(?<![\w.~/:-])/(?:home|root|Users|work|opt|srv|mnt)/\w+"
    files = [*PAGES, *SOURCES, ROOT / "Makefile", ROOT / ".ci" / "run"]
    assert found_in(files, absolute) == []


def test_nothing_reads_or_writes_pickle():
    ways = (
        r"^\s*(?:import|from) (?:c?pickle|dill|joblib|shelve)\b"
        r"|\btorch\.(?:save|load)\("
        r"|\ballow_pickle\s*=\s*True"
    )
    product = [path for path in SOURCES if "tests" not in path.relative_to(ROOT).parts]
    assert found_in(product, ways) == []


@pytest.mark.parametrize("dependency", direct_dependencies())
def test_every_direct_dependency_is_pinned_within_its_range(dependency):
    wanted = Requirement(dependency)
    pinned = Requirement(pins()[canonicalize_name(wanted.name)])
    (version,) = [spec.version for spec in pinned.specifier]
    assert wanted.specifier.contains(version)


def test_pins_are_exact_and_fit_any_machine():
    for line in pins().values():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line), line  # no +cpu, no option
        assert not re.match(r"nvidia|cuda|triton", line), line


def test_pages_are_not_flat_files_that_streamlit_finds_by_itself():
    assert list((ROOT / "pages").glob("*.py")) == []


def settings_of_the_dashboard(table, prefix=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from settings_of_the_dashboard(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def test_every_setting_of_the_dashboard_is_one_that_streamlit_has():
    table = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    chosen = dict(settings_of_the_dashboard(table))
    for name in chosen:
        streamlit.get_option(name)  # raises for one that is not there
    assert chosen["browser.gatherUsageStats"] is False
    # A job that shows its progress would stand still most of the time.
    assert chosen["runner.postScriptGC"] is False


def test_the_licenses_are_there():
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "CC0 1.0" in (ROOT / "sample_data" / "LICENSE").read_text(encoding="utf-8")


def test_every_file_of_the_sample_data_is_described():
    described = (ROOT / "sample_data" / "README.md").read_text(encoding="utf-8")
    files = [path for path in (ROOT / "sample_data").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if path.name not in described + "README.md"] == []
