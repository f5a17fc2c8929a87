"""The table of everything that is registered, as it stands in the documentation.

`python -m deepaid_core.testing.listing docs/adding-a-detector.md` writes it anew.
"""

import re
import sys
from pathlib import Path
from typing import Final

from deepaid_core.registry import DETECTORS, INTERPRETERS, SOURCES, load

__all__ = ["BEGIN", "END", "registry_table", "with_table"]

BEGIN: Final = "<!-- registered: begin -->"
END: Final = "<!-- registered: end -->"

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


def with_table(page: str) -> str:
    """A page with the table in it as it should be today.

    Raises:
        ValueError: The page has no place for it.
    """
    if BEGIN not in page or END not in page:
        raise ValueError(f"The page has no place for the table; mark it by {BEGIN} and {END}.")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{registry_table()}\n{END}{after}"


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
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    _main()
