"""The files that the benchmark writes; read without torch."""

import json
from pathlib import Path
from typing import Any

from deepaid_core.errors import StoredValueError

__all__ = ["section_of_last_run"]


def section_of_last_run(name: str, *paths: Path) -> Any:
    """A section of the first of these files that has it, as it was written; None if none has.

    Args:
        name: Of the section.
        paths: Results of the benchmark; without any those that the installed package carries, else
            those of the checkout.

    Raises:
        StoredValueError: A file is damaged.
    """
    core = Path(__file__).resolve().parents[1]
    usual = (core / "_dashboard/docs/benchmarks.json", core.parent / "docs/benchmarks.json")
    for path in paths or usual:
        try:
            results = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            raise StoredValueError(
                f"The benchmark results '{path.name}' cannot be read ({error}); measure again "
                "with `deepaid bench`."
            ) from error
        if isinstance(results, dict) and name in results:
            return results[name]
    return None
