"""What the documentation says of everything that is registered, written from the code.

`python -m deepaid_core.testing.listing docs/adding-a-detector.md docs/detectors.md` writes it anew.
"""

import re
import sys
from pathlib import Path
from typing import Final

from deepaid_core.domain.params import params_of
from deepaid_core.registry import DETECTORS, INTERPRETERS, SOURCES, load

__all__ = [
    "BEGIN",
    "END",
    "PARAMS_BEGIN",
    "PARAMS_END",
    "hyperparameter_tables",
    "registry_table",
    "with_hyperparameters",
    "with_table",
]

BEGIN: Final = "<!-- registered: begin -->"
END: Final = "<!-- registered: end -->"
PARAMS_BEGIN: Final = "<!-- hyperparameters: begin -->"
PARAMS_END: Final = "<!-- hyperparameters: end -->"

_REGISTRIES: Final = {"Source": SOURCES, "Detector": DETECTORS, "Interpreter": INTERPRETERS}


def registry_table() -> str:
    """A Markdown table with a line for every source, detector and interpreter."""
    lines = ["| What | Name | Reads | In one sentence |", "| --- | --- | --- | --- |"]
    for what, registry in _REGISTRIES.items():
        for name in registry:
            cls = load(registry, name)
            kind = getattr(cls, "modality", None)
            reads = kind.value if kind else _supported(cls)
            lines.append(f"| {what} | `{name}` | {reads} | {_sentence(cls)} |")
    return "\n".join(lines)


def hyperparameter_tables() -> str:
    """For every detector what it is, in its own words, and its hyperparameters as a table."""
    parts: list[str] = []
    for name in DETECTORS:
        cls = load(DETECTORS, name)
        parts += [
            f"### `{name}`",
            "",
            f"{_sentence(cls)} ({cls.modality.value}).",
            "",
            "| Option | Default | Values | What it does |",
            "| --- | --- | --- | --- |",
        ]
        for one in params_of(cls):
            option = "--" + one.name.replace("_", "-")
            does = one.help.replace("|", "\\|")
            parts.append(f"| `{option}` | {one.default} | {one.range_text} | {does} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def with_table(page: str) -> str:
    """A page with the table of what is registered in it as it should be today.

    Raises:
        ValueError: The page has no place for it.
    """
    return _between(page, BEGIN, END, registry_table())


def with_hyperparameters(page: str) -> str:
    """A page with the tables of hyperparameters in it as they should be today.

    Raises:
        ValueError: The page has no place for them.
    """
    return _between(page, PARAMS_BEGIN, PARAMS_END, hyperparameter_tables())


def _between(page: str, begin: str, end: str, text: str) -> str:
    if begin not in page or end not in page:
        raise ValueError(f"The page has no place for the table; mark it by {begin} and {end}.")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def _supported(interpreter: type) -> str:
    """Kinds of data whose registered detectors an interpreter supports."""
    classes = [load(DETECTORS, name) for name in DETECTORS]
    kinds = {cls.modality.value for cls in classes if interpreter().supports(cls()) is None}
    return ", ".join(sorted(kinds))


def _sentence(cls: type) -> str:
    first = (cls.__doc__ or "").strip().partition("\n\n")[0]
    return re.sub(r"\s+", " ", first).replace("|", "\\|").removesuffix(".")


def _main() -> None:
    for name in sys.argv[1:]:
        page = Path(name)
        text = page.read_text(encoding="utf-8")
        for begin, renewed in ((BEGIN, with_table), (PARAMS_BEGIN, with_hyperparameters)):
            text = renewed(text) if begin in text else text
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main()
