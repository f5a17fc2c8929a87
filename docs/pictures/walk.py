"""The moving picture: one finding from the overview to the audit log."""

import re
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from docs.pictures.browser import Camera
from docs.pictures.story import Story

__all__ = ["film", "save"]

_WIDTH: Final = 1080
_STRIP: Final = 48
_SHOWN_MS: Final = 2600
_INK, _PAPER = "#ffffff", "#10305c"


def film(camera: Camera, story: Story) -> list[Image.Image]:
    """Judge a finding of the packets by keyboard; a frame for each step."""
    frames: list[Image.Image] = []

    def frame(caption: str) -> None:
        frames.append(_captioned(camera.take(), f"{len(frames) + 1}   {caption}"))

    finding = story.finding
    camera.open("/")
    frame("Overview: what waits, what is new, where one verdict helps most")
    camera.open("/queue?group=pattern")
    frame("Queue, by pattern: findings that were flagged for the same reasons")
    camera.open(f"/queue?detector=packets&peek={finding}")
    frame("Queue: filter, tick several, or look at one beside the list")
    camera.open(f"/finding?id={finding}")
    frame("Investigate: what differs from the closest event that the detector accepts")
    camera.key("2")
    camera.press("Smallest fix")
    frame("What would make this normal? Change values, the score follows at once")
    camera.key("3")
    frame("What colleagues said of findings like this one, and why")
    camera.key("4")
    frame("Evidence: the raw packets around it")
    camera.key("f")
    _fill_in(camera)
    frame("The verdict, by keyboard: the reason is drafted from the deviations")
    camera.key("Control+Enter")
    frame("Saved, with undo; the next finding is on the screen")
    camera.open(f"/patterns?pattern={story.pattern}")
    frame("Pattern: one verdict for all of its findings, after a look at whom that reaches")
    camera.open(f"/cases?case=C-{story.case}&tab=Timeline")
    frame("Case: findings that belong together, with timeline, techniques and notes")
    camera.press(re.compile("^Report"))
    frame("Report: for managers or engineers, in six formats, masked where asked")
    camera.page.keyboard.press("Escape")
    camera.open("/audit")
    frame("Audit log: who did what, and what was before")
    return frames


def save(frames: list[Image.Image], path: Path) -> None:
    """Write the frames as one picture that starts again at its end."""
    first, *others = frames
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=_SHOWN_MS,
        loop=0,
        quality=72,
        method=4,
    )


def _fill_in(camera: Camera) -> None:
    box = camera.page.get_by_role("combobox", name="Category")
    box.focus()
    camera.page.keyboard.type("data-import")
    camera.page.keyboard.press("Enter")
    camera.rest()
    camera.page.get_by_text("The drafted reason is right").click()
    camera.rest()


def _captioned(shot: Image.Image, caption: str) -> Image.Image:
    height = round(shot.height * _WIDTH / shot.width)
    frame = Image.new("RGB", (_WIDTH, height + _STRIP), _PAPER)
    frame.paste(shot.resize((_WIDTH, height), Image.Resampling.LANCZOS), (0, _STRIP))
    ImageDraw.Draw(frame).text(
        (20, _STRIP / 2), caption, fill=_INK, font=ImageFont.load_default(24), anchor="lm"
    )
    return frame
