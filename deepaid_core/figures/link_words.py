"""A login and its reference, in sentences and tables."""

from collections.abc import Sequence

from deepaid_core.domain.details import LinkDetails, LinkScore
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten, visible

__all__ = [
    "habit_tables",
    "link_changes",
    "link_details",
    "link_sentences",
    "link_short",
    "link_title",
    "links_table",
    "node_table",
]

_NAME = 60


def link_details(interpretation: Interpretation) -> LinkDetails:
    """Its details; empty ones where an interpretation of a login came without."""
    if isinstance(interpretation.details, LinkDetails):
        return interpretation.details
    return LinkDetails((), (), (), (), (), (), (), (), (), ())


def link_changes(details: LinkDetails) -> tuple[tuple[str, str, str], ...]:
    """Endpoints that differ: (role, observed name, reference's name), in the order of the roles."""
    return tuple(
        (role, seen, wanted)
        for role, seen, wanted in zip(
            details.roles, details.observed, details.reference, strict=False
        )
        if seen != wanted
    )


def _name(text: str) -> str:
    return shorten(text, _NAME)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def link_title(details: LinkDetails) -> str:
    """The login in one line: who, from where, to where, and what is unusual of it."""
    changes = link_changes(details)
    login = " → ".join(visible(_name(name)) for name in details.observed)
    if not changes:
        return f"Login {login}"
    verb = "is" if len(changes) == 1 else "are"
    return f"Login {login}: the {_either([role for role, _, _ in changes])} {verb} unusual"


def link_sentences(interpretation: Interpretation) -> tuple[str, ...]:
    """Which endpoint of a login is unusual, what would be normal, and what was never seen."""
    details = link_details(interpretation)
    names = dict(zip(details.roles, details.observed, strict=False))
    said = [
        f"{_name(names[role])} (the {role}) never occurred in training, so nothing is known of "
        "what it normally does."
        for role in details.unknown
        if role in names
    ]
    changes = link_changes(details)
    if changes:
        parts = [
            f"{role} {_name(seen)}, where {_name(wanted)} would be normal"
            for role, seen, wanted in changes
        ]
        said.insert(0, f"Unusual is the {'; and the '.join(parts)}.")
    elif details.observed:
        said.insert(0, "No other user or host was found that makes this login normal.")
    if details.links:
        said.append(_least_likely(details, details.links[0]))
    return tuple(said) or ("What was stored with this finding names no user and no host.",)


def _least_likely(details: LinkDetails, link: LinkScore) -> str:
    ends = _ends(details, link, details.observed)
    seen = f"seen {format_count(link.seen, 'time')}" if link.seen else "never seen"
    return (
        f"Least likely is the link {ends}: probability {format_share(link.probability)}, {seen} "
        "in training."
    )


def _ends(details: LinkDetails, link: LinkScore, names: Sequence[str]) -> str:
    known = dict(zip(details.roles, names, strict=False))
    return " – ".join(_name(known.get(role, role)) for role in link.roles)


def link_short(interpretation: Interpretation) -> str:
    """One line for a queue: the unusual endpoint, and what would be normal."""
    details = link_details(interpretation)
    parts = [
        f"{role} {_name(seen)}{' (never seen before)' if role in details.unknown else ''} "
        f"instead of {_name(wanted)}"
        for role, seen, wanted in link_changes(details)
    ]
    if parts:
        return "; ".join(parts)
    return f"login {' → '.join(map(_name, details.observed))} fits nothing known"


def links_table(details: LinkDetails) -> Table:
    """The links that the login makes, beside those of the closest normal, least likely first."""
    rows = []
    marked = []
    for place, link in enumerate(details.links):
        observed = _ends(details, link, details.observed)
        reference = _ends(details, link, details.reference)
        if place == 0:
            marked.append(place)
        rows.append(
            (
                f"▶ {' – '.join(link.roles)}" if place == 0 else " – ".join(link.roles),
                observed,
                format_share(link.probability),
                link.seen,
                reference if reference != observed else "same",
                format_share(link.reference_probability),
                link.reference_seen,
            )
        )
    return Table(
        "The links of this login, least likely first (▶), and those of the closest normal one",
        ("Link", "This login", "Probability", "In training", "Closest normal",
         "Its probability", "Its training"),
        tuple(rows),
        tuple(marked),
    )  # fmt: skip


def habit_tables(details: LinkDetails) -> tuple[Table, ...]:
    """What each node of the login normally does, one table per role; empty for a new node."""
    return tuple(
        Table(
            f"{role} {_name(name)} normally",
            ("With", "Name", "Logins"),
            tuple(
                (one.counterpart_role, one.counterpart, one.count)
                for one in details.habits
                if one.role == role
            ),
        )
        for role, name in zip(details.roles, details.observed, strict=False)
    )


def node_table(details: LinkDetails, at: int) -> Table | None:
    """What one neighbor is linked to in training, most often first; None for no such neighbor."""
    if not 0 <= at < len(details.neighbors):
        return None
    node = details.neighbors[at]
    rows = sorted(
        (
            (-link.count, details.neighbors[link.second if link.first == at else link.first])
            for link in details.neighbor_links
            if at in (link.first, link.second)
        ),
        key=lambda row: (row[0], row[1].name),
    )
    return Table(
        f"{node.kind} {_name(node.name)}, {node.group or 'never seen in training'}",
        ("Kind", "Linked to", "Group", "Training logins"),
        tuple((other.kind, other.name, other.group, -count) for count, other in rows),
    )
