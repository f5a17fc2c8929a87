"""Replacing names in any text, however they are spelled, each always by the same stand-in."""

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

from deepaid_core.figures.text import visible

__all__ = ["Grams", "Names", "Secret"]

Secret = Literal["user", "host", "address", "hardware", "mail"]

_SHORT: Final = 6  # letters from which a name is looked for within words too
_LONGEST: Final = 48
_GRAM: Final = 12
_CORE: Final = 6  # letters of a coded form from which it is taken for one
_OF: Final[dict[Secret, str]] = {
    "user": "user",
    "host": "host",
    "address": "address",
    "hardware": "hardware-address",
    "mail": "mail-address",
}
_STAND_IN = re.compile(rf"(?:{'|'.join(_OF.values())})-\d+")
_MAIL = re.compile(r"[\w.+-]{1,64}@(?=[\w.-]*[A-Za-z])\w[\w-]{0,62}(?:\.[\w-]{1,63})*")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9a-fA-F:.]*[0-9a-fA-F])[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]+(?!\w)")
_HARDWARE = re.compile(
    r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}|"
    r"[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2})(?![0-9a-fA-F])"
)
_URL = re.compile(r"(?<=://)[^\s/?#\"'<>\\]+")
# Endings of names that file names do not have.
_DOMAIN = re.compile(
    r"(?<![\w.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|net|org|edu|gov|mil|int|info|"
    r"biz|io|dev|app|cloud|local|localdomain|lan|internal|intern|corp|intra|home|test|example|"
    r"invalid|arpa|onion|eu|de|at|ch|uk|fr|nl|be|it|es|pt|pl|cz|se|no|fi|dk|ru|ua|cn|jp|kr|tw|in|"
    r"br|ca|au|us|tr|ir)(?![\w-])",
    re.IGNORECASE,
)


class Names:
    """Stand-ins for names: "host-1" is the same host wherever it occurs.

    Args:
        kinds: What is replaced.
    """

    def __init__(self, kinds: Iterable[Secret]) -> None:
        self._kinds = frozenset(kinds)
        self._stand_ins: dict[str, str] = {}
        self._counts: dict[Secret, int] = {}
        self._spelled: dict[str, str] = {}
        self._taken: set[str] = set()
        self._patterns: tuple[re.Pattern[str], ...] = ()
        self._cache: dict[str, str] = {}

    def add(self, found: Iterable[tuple[Secret, str]]) -> None:
        """Learn names that no rule of spelling would find."""
        chosen = [
            (kind, name.strip()) for kind, name in found if kind in self._kinds and name.strip()
        ]
        # A stand-in that is somebody's name would say that it is that one.
        self._taken |= {name.casefold() for _, name in chosen}
        for kind, name in dict.fromkeys(chosen):
            stand_in = self._stand_in(kind, name)
            for spelled in _spellings(name):
                self._spelled.setdefault(spelled.casefold(), stand_in)
        self._patterns = _any_of(self._spelled)
        self._cache.clear()

    def masked(self, text: str) -> str:
        """The text with every name in it replaced."""
        found = self._cache.get(text)
        if found is None:
            found = self._cache[text] = self._masked(text)
        return found

    def _masked(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(
                # Letters without case of their own may fold into something else.
                lambda one: self._spelled.get(one[0].casefold(), "[masked]"),
                text,
            )
        if "mail" in self._kinds and "@" in text:
            text = _MAIL.sub(lambda one: self._stand_in("mail", one[0]), text)
        if "host" in self._kinds and "://" in text:
            text = _URL.sub(lambda one: self._location(one[0]), text)
        if "hardware" in self._kinds:
            text = _HARDWARE.sub(lambda one: self._hardware(one[0]), text)
        if "address" in self._kinds:
            if ":" in text:
                text = _IPV6.sub(self._address, text)
            if "." in text:
                text = _IPV4.sub(self._address, text)
        if "host" in self._kinds and "." in text:
            text = _DOMAIN.sub(lambda one: self._stand_in("host", one[0]), text)
        return text

    def _stand_in(self, kind: Secret, name: str) -> str:
        key = name.casefold()
        if kind in ("address", "hardware"):
            key = _canonical(name)
        if key not in self._stand_ins:
            while True:
                number = self._counts[kind] = self._counts.get(kind, 0) + 1
                stand_in = f"{_OF[kind]}-{number}"
                if stand_in not in self._taken:
                    break
            self._stand_ins[key] = stand_in
        return self._stand_ins[key]

    def _location(self, text: str) -> str:
        name, colon, port = text.rpartition(":")
        if not colon or not port.isdigit():
            name, colon, port = text, "", ""
        if _STAND_IN.fullmatch(name):
            return text
        if _is_address(name.strip("[]")):
            return f"{self._stand_in('address', name.strip('[]'))}{colon}{port}"
        return f"{self._stand_in('host', name)}{colon}{port}"

    def _hardware(self, text: str) -> str:
        return self._stand_in("hardware", text)

    def _address(self, found: re.Match[str]) -> str:
        text = found[0].rstrip(".:") if not found[0].endswith("::") else found[0]
        if not _is_address(text):
            return found[0]
        return self._stand_in("address", text) + found[0][len(text) :]


class Grams:
    """Masks every stretch of a text that stands in one of many long texts as well.

    Args:
        texts: What must not be quoted.
        words: Shorter words of theirs that must not occur either.
    """

    def __init__(self, texts: Iterable[str], words: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        for text in texts:
            for form in {_plain(text), _plain(visible(text))}:
                self._known.update(form[at : at + _GRAM] for at in range(len(form) - _GRAM + 1))
        self._words = _any_of({word.casefold() for word in words})

    def masked(self, text: str) -> str:
        """The text without what is quoted."""
        if self._known and len(text) >= _GRAM:
            plain = _plain(text)
            hit = bytearray(len(text))
            for at in range(len(plain) - _GRAM + 1):
                if plain[at : at + _GRAM] in self._known:
                    hit[at : at + _GRAM] = b"\1" * _GRAM
            if any(hit):
                text = "".join(_without(text, hit))
        for pattern in self._words:
            text = pattern.sub("[masked]", text)
        return text


def _without(text: str, hit: bytearray) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and hit[end] == hit[at]:
            end += 1
        yield "[masked]" if hit[at] else text[at:end]
        at = end


def _plain(text: str) -> str:
    # As long as the text itself, so that places in one are places in the other.
    return "".join(
        low if len(low := character.lower()) == 1 and not character.isspace() else " "
        for character in text
    )


def _any_of(spelled: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Expressions for thousands of names, each found in one go; longer names win."""
    groups: dict[tuple[str, str], list[str]] = {}
    for text in spelled:
        groups.setdefault(_edges(text), []).append(text)
    found = []
    for (before, after), texts in groups.items():
        root: dict[str, Any] = {}
        for text in texts:
            node = root
            for character in text[:_LONGEST]:
                node = node.setdefault(character, {})
            node[""] = {}
        found.append(re.compile(f"{before}(?:{_tree(root)}){after}", re.IGNORECASE))
    return tuple(found)


def _edges(text: str) -> tuple[str, str]:
    # Long names are found within words too; numbers never within longer numbers.
    if not any(character.isalpha() for character in text):
        return r"(?<!\d)", r"(?!\d)"
    if len(text) < _SHORT:
        return r"(?<![^\W_])", r"(?![^\W_])"
    return "", ""


def _tree(node: Mapping[str, Any]) -> str:
    ways = [re.escape(character) + _tree(rest) for character, rest in node.items() if character]
    if not ways:
        return ""
    if len(ways) == 1 and "" not in node:
        return ways[0]
    return f"(?:{'|'.join(ways)}){'?' if '' in node else ''}"


def _spellings(name: str) -> list[str]:
    """The name, and what else gives it away to whoever can decode it."""
    raw = name.encode("utf-8", "surrogatepass")
    found = [name[:_LONGEST], visible(name)[:_LONGEST]]
    found.append(json.dumps(name)[1:-1][:_LONGEST])
    found += [quote(name, safe="", errors="replace")[:_LONGEST]]
    if len(raw) >= 3:
        found.append(raw.hex()[:_LONGEST])
        found += [
            hashlib.new(kind, raw, usedforsecurity=False).hexdigest()[:_LONGEST]
            for kind in ("md5", "sha1", "sha256")
        ]
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw).decode()
        # Letters that also depend on what stands around it are left away.
        core = coded[(0, 2, 3)[offset] : (offset + len(raw)) * 8 // 6]
        if len(core) >= _CORE:
            found.append(core[:_LONGEST])
    if _is_address(name):
        address = ipaddress.ip_address(name)
        found += [address.compressed, address.exploded, address.reverse_pointer]
        if address.version == 4:
            found += [name.replace(".", "-"), f"{int(address):08x}", str(int(address))]
    if _HARDWARE.fullmatch(name):
        bare = re.sub("[:.-]", "", name)
        pairs = [bare[at : at + 2] for at in range(0, 12, 2)]
        found += [bare, ":".join(pairs), "-".join(pairs)]
    return [one for one in dict.fromkeys(found) if one]


def _canonical(name: str) -> str:
    if _is_address(name):
        return ipaddress.ip_address(name).compressed
    return re.sub("[:.-]", "", name).casefold()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
