"""Log lines to keys: variable parts hidden, similar lines joined to templates, then frozen."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from deepaid_core.domain.schema import Vocabulary
from deepaid_core.domain.settings import LogSettings
from deepaid_core.sources.patterns import compiled

__all__ = ["WILDCARD", "Masks", "TemplateMatcher", "learn_templates"]

WILDCARD: Final = "<*>"
"""Stands in a template for a word that differed between lines."""

_LONGEST_SHAPE: Final = 1000
_MOST_CACHED: Final = 100_000
_MOST_KEYS: Final = 1000

_WORD = r"[0-9A-Fa-f]{1,4}"
_WORDS = rf"{_WORD}(?::{_WORD})*"
_COLONS: Final = (
    ("MAC", r"(?<![\w:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![\w:])"),
    ("IP", rf"(?<![\w:])(?:(?:{_WORD}:){{7}}{_WORD}|(?:{_WORDS})?::(?:{_WORDS})?)(?![\w:])"),
)
_COMMON: Final = (
    ("IP", r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|\.\d)"),
    ("KEY", r"\b(?:SHA256|MD5):[A-Za-z0-9+/=:]+"),
    # Behind "=" a path often says what was run, not on what.
    ("PATH", r"(?<![\w=.])/[^\s\"',;)\]]*"),
    ("HEX", r"\b(?:0x[0-9A-Fa-f]+|(?=[A-Fa-f]*\d)[0-9A-Fa-f]{8,})\b"),
    ("NUMBER", r"(?<![\w.])[-+]?\d+(?:\.\d+)*(?![\w.]*\w)"),
)


class Masks:
    """Hides the variable parts of messages.

    First the common ones: addresses, keys, paths and numbers. What is left takes few forms, and
    the patterns of the settings are applied once to each of them.

    Args:
        settings: With the masks of this kind of log.

    Raises:
        InvalidParameterError: A pattern is not a regular expression.
    """

    def __init__(self, settings: LogSettings) -> None:
        self._common = _Hiding(_COMMON)
        self._with_colons = _Hiding((*_COLONS, *_COMMON))
        self._own = _Hiding(settings.masks)
        self._seen: dict[tuple[str, str], tuple[str, str]] = {}

    def shape(self, process: str, message: str) -> tuple[str, str]:
        """A line without its variable parts, and those parts, e.g. "user=root, ip=10.0.0.1"."""
        colons = "::" in message or message.count(":") > 4
        masked, hidden = (self._with_colons if colons else self._common).hide(message)
        known = self._seen.get((process, masked))
        if known is None:
            own, more = self._own.hide(masked)
            shape = f"{process}: {own}" if process else own
            known = " ".join(shape[:_LONGEST_SHAPE].split()), more
            if len(self._seen) >= _MOST_CACHED:
                self._seen.clear()
            self._seen[process, masked] = known
        shape, more = known
        return shape, f"{more}, {hidden}" if more and hidden else more or hidden


class _Hiding:
    """Several masks applied in one pass; where two begin at one place, the first one counts."""

    def __init__(self, masks: Sequence[tuple[str, str]]) -> None:
        for name, pattern in masks:
            compiled(pattern, f"mask '{name}'")
        self._names = {f"g{i}": name for i, (name, _) in enumerate(masks)}
        joined = "|".join(f"(?P<g{i}>{pattern})" for i, (_, pattern) in enumerate(masks))
        self._pattern = compiled(joined, "masks together") if masks else None
        self._found: list[str] = []

    def hide(self, text: str) -> tuple[str, str]:
        if self._pattern is None:
            return text, ""
        self._found = []
        masked = self._pattern.sub(self._replace, text)
        return masked, ", ".join(self._found)

    def _replace(self, match: re.Match[str]) -> str:
        hidden = match.group()
        if not hidden:
            return ""
        name = self._names[match.lastgroup or ""]
        if not hidden.startswith("<"):  # else it is what another mask has hidden and told already
            self._found.append(f"{name.lower()}={hidden}")
        return f"<{name}>"


def learn_templates(shapes: Iterable[tuple[str, str]], name: str, similarity: float) -> Vocabulary:
    """The templates of a log, in order of their first line.

    Args:
        shapes: Different shapes of lines in order, each with what keeps it apart from others.
        name: What the log is.
        similarity: Share of words that must be equal for two lines to share a template.

    References:
        He et al., Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017.
    """
    from drain3.drain import Drain  # type: ignore[import-untyped]

    # A tree of its own for each process: lines of different processes never share a template.
    trees: dict[str, Drain] = {}
    clusters: list[Any] = []
    for shape, apart in shapes:
        tree = trees.get(apart)
        if tree is None:
            tree = trees[apart] = Drain(sim_th=similarity, param_str=WILDCARD)
        cluster, change = tree.add_log_message(shape)
        if change == "cluster_created":
            clusters.append(cluster)
    texts = dict.fromkeys(cluster.get_template() for cluster in clusters)
    return Vocabulary(name, tuple(texts)[:_MOST_KEYS])


class TemplateMatcher:
    """Finds the key of a line among known templates; nothing is learned here.

    A template fits when every word is equal or the template's is "<*>"; of several the one with
    fewest "<*>".

    Args:
        vocabulary: The templates.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._unknown = vocabulary.unknown
        self._exact = {text: key for key, text in enumerate(vocabulary.texts)}
        self._loose: dict[int, list[tuple[tuple[str, ...], int]]] = {}
        for text, key in self._exact.items():
            words = tuple(text.split(" "))
            if WILDCARD in words:
                self._loose.setdefault(len(words), []).append((words, key))
        for some in self._loose.values():
            some.sort(key=lambda one: one[0].count(WILDCARD))
        self._seen: dict[str, int] = {}

    def key(self, shape: str) -> int:
        """The key of a shape, `Vocabulary.unknown` where no template fits."""
        key = self._exact.get(shape)
        if key is not None:
            return key
        key = self._seen.get(shape)
        if key is None:
            if len(self._seen) >= _MOST_CACHED:
                self._seen.clear()
            key = self._seen[shape] = self._search(shape.split(" "))
        return key

    def _search(self, words: Sequence[str]) -> int:
        for template, key in self._loose.get(len(words), ()):
            if all(t in (WILDCARD, w) for t, w in zip(template, words, strict=True)):
                return key
        return self._unknown
