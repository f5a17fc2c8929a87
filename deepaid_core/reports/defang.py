"""Addresses and names written so that nothing turns them into a link by mistake."""

import re

__all__ = ["defanged"]

_SCHEME = re.compile(r"\b(h)(tt)(ps?)(?=:)|\b(f)(t)(ps?)(?=:)", re.IGNORECASE)


def defanged(text: str) -> str:
    """The text with dots, at signs, "://" and the schemes of web addresses broken up.

    "http://10.0.0.5/x" becomes "hxxp[://]10[.]0[.]0[.]5/x". MAC and IPv6 addresses keep their
    colons, which nothing makes a link of.
    """
    text = _SCHEME.sub(
        lambda found: re.sub("tt?", lambda t: "x" * len(t[0]), found[0].lower()), text
    )
    return text.replace("://", "[://]").replace(".", "[.]").replace("@", "[@]")
