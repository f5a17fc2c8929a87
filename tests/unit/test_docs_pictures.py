import re
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "assets" / "screenshots"
MOST_BYTES = 4_000_000


def shown() -> set[Path]:
    """Every picture that the README or a page of the documentation shows."""
    found = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"[\w./-]*assets/screenshots/[\w.-]+", text):
            found.add((page.parent / target).resolve())
    return found


def test_each_picture_of_the_documentation_is_there_and_each_that_is_there_is_shown():
    assert shown() == set(PICTURES.iterdir())


def test_pictures_are_whole_pages_and_small_together():
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert sum(sizes.values()) < MOST_BYTES, sizes
    for path in PICTURES.glob("*.png"):
        with Image.open(path) as one:
            assert one.size == (1440, 900), path.name


def test_the_walk_moves_and_starts_again():
    with Image.open(PICTURES / "walk.webp") as walk:
        assert 8 <= walk.n_frames <= 14
        assert walk.info["loop"] == 0
    assert (PICTURES / "walk.webp").stat().st_size < 2_000_000
