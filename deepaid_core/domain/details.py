"""What an interpretation shows beyond its deviations, one type per kind of data."""

from dataclasses import dataclass
from typing import Final

__all__ = [
    "NOT_SEEN",
    "UNKNOWN_TEXT",
    "Habit",
    "Likely",
    "LinkDetails",
    "LinkScore",
    "Neighbor",
    "NeighborLink",
    "NextKey",
    "SequenceDetails",
    "SeriesColumn",
    "SeriesDetails",
]

UNKNOWN_TEXT: Final = "(no known template)"
"""Stands for the template of a log line that has none, where its words are not known."""

NOT_SEEN: Final = " (not seen in training)"
"""Ends the words of a log line that no template of the training log fits."""


@dataclass(frozen=True, slots=True)
class Likely:
    """A key that the detector thought possible next, and its probability, 0 to 1."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class NextKey:
    """The answer that leaves the history as it is and replaces the flagged key.

    Attributes:
        text: The key that takes its place.
        score: Score with that key.
        probability: Of that key after the observed history, 0 to 1.
    """

    text: str
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class SequenceDetails:
    """A window of log keys beside its reference.

    Attributes:
        observed: Template of each of the h + 1 lines, the flagged one last; empty where the
            session had not begun, "" too.
        reference: Likewise, of the reference.
        expected: The likeliest next keys after the observed history, likeliest first.
        observed_probability: Of the flagged key after the observed history, 0 to 1.
        reference_probability: Of the reference's last key after the reference's history.
        history_edits: Keys of the history that the best accepted history edit changes; 0 where
            no such edit was found within the searched depth.
        next_key: The answer that only replaces the flagged key; None where even that fails.
        top: How many likeliest keys the detector accepts.
    """

    observed: tuple[str, ...]
    reference: tuple[str, ...]
    expected: tuple[Likely, ...]
    observed_probability: float
    reference_probability: float
    history_edits: int
    next_key: NextKey | None
    top: int


@dataclass(frozen=True, slots=True)
class SeriesColumn:
    """One metric of a series.

    Attributes:
        name: Column name.
        title: In an analyst's words.
        unit: May be empty.
        normal_low: 1 % quantile of the training steps.
        normal_high: 99 % quantile of the training steps.
        effect: How far this column's error alone raises the score at the scored step, all others
            being as forecast; for a column whose history changes, the fall when that is put
            right, if larger. Of `deepaid-gradient`: the gradient there times the difference,
            over the fall of the score. The ranking of columns is by it, largest first.
    """

    name: str
    title: str
    unit: str
    normal_low: float
    normal_high: float
    effect: float


@dataclass(frozen=True, slots=True)
class SeriesDetails:
    """A window of a multivariate series; its values are `Interpretation.observed`, step by step.

    Attributes:
        steps: Number of steps, h + 1; the last one is the one that was scored.
        step_times: Unix seconds of each.
        columns: In the order of the values.
    """

    steps: int
    step_times: tuple[float, ...]
    columns: tuple[SeriesColumn, ...]


@dataclass(frozen=True, slots=True)
class LinkScore:
    """One of the links that a login makes.

    Attributes:
        roles: The two roles it joins, e.g. ("user", "destination").
        probability: That the detector gives the observed link, 0 to 1.
        reference_probability: Likewise, of the reference's link.
        seen: How often the training logins had the observed link.
        reference_seen: Likewise, of the reference's link.
    """

    roles: tuple[str, str]
    probability: float
    reference_probability: float
    seen: int
    reference_seen: int


@dataclass(frozen=True, slots=True)
class Habit:
    """What a node of the login normally does, from the training logins.

    Attributes:
        role: Role of the node in the flagged login.
        node: Its name.
        counterpart_role: What it is joined to.
        counterpart: Name of that.
        count: Training logins that had both.
    """

    role: str
    node: str
    counterpart_role: str
    counterpart: str
    count: int


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A node near the login, in the graph of the training logins.

    Attributes:
        name: As in the logs.
        kind: "user" or "host".
        group: The community it belongs to; empty for a node that is not in the graph.
        in_event: Its roles in the flagged login; empty for none.
        in_reference: Its roles in the reference; empty for none.
    """

    name: str
    kind: str
    group: str
    in_event: tuple[str, ...]
    in_reference: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeighborLink:
    """A link between two neighbors, as positions among them, and its training logins."""

    first: int
    second: int
    count: int


@dataclass(frozen=True, slots=True)
class LinkDetails:
    """A login beside its reference, and the part of the graph around both.

    Attributes:
        roles: What the nodes are, e.g. ("user", "source", "destination").
        observed: Their names.
        reference: Names in the reference.
        groups: Community of each observed node; empty for one that was never seen in training.
        reference_groups: Likewise, of the reference.
        unknown: Roles whose node was never seen in training.
        links: The links that the login makes, least likely first.
        habits: What the three nodes normally do, most frequent first.
        neighbors: At most 150 nodes, those of login and reference first.
        neighbor_links: Links between them in the training logins.
    """

    roles: tuple[str, ...]
    observed: tuple[str, ...]
    reference: tuple[str, ...]
    groups: tuple[str, ...]
    reference_groups: tuple[str, ...]
    unknown: tuple[str, ...]
    links: tuple[LinkScore, ...]
    habits: tuple[Habit, ...]
    neighbors: tuple[Neighbor, ...]
    neighbor_links: tuple[NeighborLink, ...]
