"""Take all pictures of the documentation anew: `make pictures`, a few minutes.

Needs Playwright and a Chromium. Ids, findings and figures are those of the demo and come out the
same each time; the moments of verdicts are those of the run.
"""

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.bench_pages import dashboard, until_healthy
from deepaid_core.workflow.demo import prepare_demo
from deepaid_core.workspace import Workspace
from docs.pictures import walk
from docs.pictures.browser import Camera, cameras
from docs.pictures.story import Story, tell

FOLDER: Final = Path(__file__).parents[2] / "assets" / "screenshots"


def addresses(story: Story) -> Mapping[str, str]:
    """What each picture shows, by its name; those that end in "-dark" are taken in the dark."""
    kinds = story.kinds
    return {
        "overview": "/",
        "queue": f"/queue?peek={story.finding}&detector=packets",
        "finding": f"/finding?id={story.finding}",
        "finding-dark": f"/finding?id={story.finding}",
        "session": f"/finding?id={kinds['ssh-sessions']}",
        "series": f"/finding?id={kinds['host-rates']}",
        "login": f"/finding?id={kinds['logins']}",
        "pattern": f"/patterns?pattern={story.pattern}",
        "case": f"/cases?case=C-{story.case}",
        "compare": f"/compare?finding={story.finding}",
        "detector": f"/detectors?id={story.detector}",
        "evaluation": f"/detectors?id={story.detector}&tab=Evaluation",
        "data": "/data",
        "audit": "/audit",
    }


def main() -> None:
    """Prepare the demo, tell the story, take the pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures of the documentation anew.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the pictures")
    parser.add_argument("--demo", type=Path, help="a workspace that holds the demo, unjudged")
    parser.add_argument("--only", nargs="*", help="names of pictures; 'walk' is the moving one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        if asked.demo:
            shutil.copytree(asked.demo, home)
        workspace = Workspace.open(home)
        prepare_demo(workspace)
        story = tell(workspace)
        workspace.close()
        with dashboard(home, "dashboard", "--no-open") as url:
            until_healthy(url)
            with cameras(url) as found:
                _take_all(found, story, asked.out, asked.only)


def _take_all(found: Mapping[str, Camera], story: Story, out: Path, only: list[str] | None) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, address in addresses(story).items():
        if only is None or name in only:
            camera = found["dark" if name.endswith("-dark") else "light"]
            camera.open(address)
            _save(camera.take(), out / f"{name}.png")
    if only is None or "bench" in only:
        camera = found["light"]
        camera.open(f"/finding?id={story.finding}")
        camera.key("2")
        camera.press("Smallest fix")
        _save(camera.take(), out / "bench.png")
    # Last, because it judges a finding.
    if only is None or "walk" in only:
        walk.save(walk.film(found["light"], story), out / "walk.webp")


def _save(shot: Image.Image, path: Path) -> None:
    """256 colors are enough for a page, and a third of the bytes."""
    shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
