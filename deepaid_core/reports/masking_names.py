"""Whom and what the findings of a report name."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from deepaid_core.domain.details import NOT_SEEN, LinkDetails, SequenceDetails, SeriesDetails
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality
from deepaid_core.reports.indicators import kind_of
from deepaid_core.reports.masking_words import Secret

__all__ = ["names_of", "payload_of", "unseen"]

_USER_COLUMNS: Final = re.compile(r"user|account|login|owner|principal|uid|logname", re.IGNORECASE)
_HOST_COLUMNS: Final = re.compile(
    r"host|source|destination|server|client|device|node|computer|machine|^src|^dst|_ip$|^ip$|addr",
    re.IGNORECASE,
)
_NOT_NAMES: Final = re.compile(r"[\d.,:\s-]*|port", re.IGNORECASE)
# How logs say whom a line is about.
_USERS: Final = (
    re.compile(
        r"\b(?:user|logname|acct|account|username|ruser|login)[ =:]+[\"']?"
        r"([A-Za-z_][\w.$@\\-]{0,63})",
        re.IGNORECASE,
    ),
    re.compile(r"\bfor (?:invalid user )?([A-Za-z_][\w.$@\\-]{0,63}) (?:from|by)\b"),
    re.compile(r"(?:/home/|/Users/|\\Users\\)([A-Za-z_][\w.$-]{0,63})"),
    re.compile(r"(?:^|\s)([A-Za-z_][\w.$-]{0,63}) : (?:TTY|PWD)="),
)
_WORDS: Final = re.compile(r"[\w.@+$%/-]{4,}")
# Words that any record may hold; masking them would leave no sentence standing.
_COMMON: Final = frozenset(
    {
        "a", "account", "agent", "all", "an", "and", "any", "auth", "authentication", "by", "child",
        "data", "failed", "failure", "for", "from", "has", "host", "id", "in", "invalid", "is",
        "logged", "login", "logout", "mode", "name", "no", "none", "not", "of", "on", "or", "other",
        "password", "process", "request", "session", "shell", "the", "to", "unknown", "user", "was",
        "with",
    }
)  # fmt: skip
_LEAST_DIGITS: Final = 6


def names_of(finding: Finding) -> Iterator[tuple[Secret, str]]:
    """Users, hosts and addresses that a finding names in places made for names."""
    details = finding.interpretation.details
    if isinstance(details, LinkDetails):
        yield from _of_link(details)
    elif isinstance(details, SeriesDetails):
        for column in details.columns:
            entity, dot, _ = column.name.partition(".")
            # "ws05.bytes_in", called "ws05 bytes in", is about ws05.
            if dot and column.title.startswith(f"{entity} "):
                yield from _host(entity)
    if finding.interpretation.modality is Modality.LINK:
        for peer in finding.peers:
            yield from _host(peer)
        if isinstance(details, LinkDetails) and finding.entity not in details.observed:
            yield ("user", finding.entity)
    else:
        yield from _host(finding.entity)
        name, colon, rest = finding.entity.rpartition(":")
        if colon and rest.isdigit():
            yield from _host(name)
        for peer in finding.peers:
            yield from _host(peer)
    yield from _in_records(finding)


def payload_of(finding: Finding) -> tuple[list[str], set[str]]:
    """What was recorded: long texts, and words that only the records have."""
    known = _constant_words(finding)
    texts, words = [], set()
    for row in finding.evidence:
        for value in row.values:
            texts.append(value)
            words |= {
                word
                for word in _WORDS.findall(value)
                if word.casefold() not in known
                and (not word.isdigit() or len(word) >= _LEAST_DIGITS)
            }
    return texts, words


def unseen(finding: Finding) -> Iterator[str]:
    """Lines that stand in an interpretation in their own words, for want of a template."""
    details = finding.interpretation.details
    if isinstance(details, SequenceDetails):
        for text in dict.fromkeys((*details.observed, *details.reference)):
            if text.endswith(NOT_SEEN):
                yield text.removesuffix(NOT_SEEN)


def _of_link(details: LinkDetails) -> Iterator[tuple[Secret, str]]:
    for nodes in (details.observed, details.reference):
        for role, node in zip(details.roles, nodes, strict=True):
            yield from _node(role, node)
    for habit in details.habits:
        yield from _node(habit.role, habit.node)
        yield from _node(habit.counterpart_role, habit.counterpart)
    for neighbor in details.neighbors:
        yield from _node(neighbor.kind, neighbor.name)
    for group in (*details.groups, *details.reference_groups):
        # Communities are called after one of their hosts.
        yield from _host(group.removeprefix("group of "))


def _node(role: str, name: str) -> Iterator[tuple[Secret, str]]:
    if role == "user":
        if name.casefold() not in _COMMON:
            yield ("user", name)
    else:
        yield from _host(name)


def _host(name: str) -> Iterator[tuple[Secret, str]]:
    if not name or name.casefold() in _COMMON:
        return
    kind = kind_of(name)
    if kind == "MAC address":
        yield ("hardware", name)
    elif kind == "name":
        yield ("host", name)
    else:
        yield ("address", name)


def _in_records(finding: Finding) -> Iterator[tuple[Secret, str]]:
    for place, column in enumerate(finding.evidence_columns):
        users, hosts = bool(_USER_COLUMNS.search(column)), bool(_HOST_COLUMNS.search(column))
        if "port" in column.casefold():
            users = hosts = False
        for row in finding.evidence:
            value = row.values[place] if place < len(row.values) else ""
            if _is_address(value):
                yield ("address", value)
            elif (users or hosts) and not _NOT_NAMES.fullmatch(value):
                yield from _node("user" if users else "host", value)
            for pattern in _USERS:
                for found in pattern.findall(value):
                    yield from _node("user", found)


def _constant_words(finding: Finding) -> frozenset[str]:
    interpretation = finding.interpretation
    texts: list[str] = list(finding.evidence_columns)
    for deviation in interpretation.deviations:
        texts += [deviation.title, *(cell.title for cell in deviation.cells)]
    details = interpretation.details
    if isinstance(details, SequenceDetails):
        texts += [
            text
            for text in (
                *details.observed, *details.reference, *(one.text for one in details.expected)
            )
            if not text.endswith(NOT_SEEN)
        ]  # fmt: skip
    return frozenset(word.casefold() for word in _all_words(texts)) | _COMMON


def _all_words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _WORDS.findall(text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
