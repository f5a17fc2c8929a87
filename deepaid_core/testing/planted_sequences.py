"""Made-up sessions of log keys, written by a small grammar, whose guilty key is known."""

from dataclasses import replace
from typing import Final

import numpy as np

from deepaid_core.domain.batches import PADDING, IntArray, SequenceBatch
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.testing.plants import Plant, Planted

__all__ = ["HISTORY", "planted_sequences", "planted_vocabulary"]

HISTORY: Final = 10
_ROLES: Final = ("admin", "backup", "guest")
_PLACES: Final = ("console", "network", "serial", "web")
_SHARED: Final = ("checking quota", "loading profile", "working", "session closed")
_SPARE: Final = tuple(f"disk error {number} on <*>" for number in range(4))

# A session: its role, a shared line, what the role does, its place, two shared lines, what the
# place does, the closing line. All but role and place is settled by the lines before it.
_ROLE, _TASK, _PLACE, _RESTORED = 0, 2, 3, 6
_LENGTH: Final = 8
_SETTLED: Final = (1, 2, 4, 5, 6, 7)


def planted_vocabulary() -> Vocabulary:
    """Templates of the grammar, and some that never occur in training."""
    return Vocabulary(
        "planted.log",
        (
            *(f"role {role} for <*>" for role in _ROLES),
            *(f"from {place}" for place in _PLACES),
            *_SHARED,
            *(f"{role} task started" for role in _ROLES),
            *(f"{place} restored to <*>" for place in _PLACES),
            *_SPARE,
        ),
    )


def planted_sequences() -> Planted:
    """Normal windows, and ones with a wrong key in the history or a wrong next key.

    A wrong key in the history claims another role, or another place, than the line that follows
    it later belongs to; putting the right key back is the likeliest of all ways to mend that. A
    wrong next key is one that training never had, so that no history leads to it.
    """
    sessions = _sessions(220, seed=1)
    settled = _windows(_sessions(60, seed=2))[:, _SETTLED].reshape(-1, HISTORY + 1)
    return Planted(
        normal=_named(_windows(sessions).reshape(-1, HISTORY + 1)),
        # Nobody can foretell role and place of a session.
        fresh=_batch(settled),
        plants=(
            _wrong_history(
                "wrong role in the history", line=_ROLE, following=_TASK, choices=_keys(_ROLES)
            ),
            _wrong_history(
                "wrong place in the history", line=_PLACE, following=_RESTORED, choices=_places()
            ),
            _wrong_next(),
        ),
        parts=tuple(f"position:{step}" for step in range(-HISTORY, 1)),
    )


def _wrong_history(name: str, *, line: int, following: int, choices: IntArray) -> Plant:
    windows = _windows(_sessions(60, seed=3))[:, following]
    place = HISTORY - following + line
    wrong = windows.copy()
    at = wrong[:, place] - choices[0]
    wrong[:, place] = choices[(at + 1) % len(choices)]
    return Plant(
        name=name,
        events=_batch(wrong),
        originals=_batch(windows),
        guilty=(frozenset({f"position:{place - HISTORY}"}),) * len(wrong),
    )


def _wrong_next() -> Plant:
    windows = _windows(_sessions(60, seed=4))[:, _SETTLED]
    picked = windows[np.arange(60), np.arange(60) % windows.shape[1]]
    wrong = picked.copy()
    # The last ones take a line of no known template.
    first_spare = len(planted_vocabulary()) - len(_SPARE)
    wrong[:, -1] = first_spare + np.arange(60) % (len(_SPARE) + 1)
    return Plant(
        name="wrong next key",
        events=_batch(wrong),
        originals=_batch(picked),
        guilty=(frozenset({"position:0"}),) * len(wrong),
    )


def _sessions(n: int, *, seed: int) -> IntArray:
    """Keys of n sessions, (n, 8)."""
    random = np.random.default_rng(seed)
    role = random.integers(0, len(_ROLES), n)
    place = random.integers(0, len(_PLACES), n)
    shared = len(_ROLES) + len(_PLACES)
    started = shared + len(_SHARED)
    restored = started + len(_ROLES)
    lines = (
        role,
        np.full(n, shared),
        role + started,
        place + len(_ROLES),
        np.full(n, shared + 1),
        np.full(n, shared + 2),
        place + restored,
        np.full(n, shared + 3),
    )
    return np.stack(lines, axis=1).astype(np.int64)


def _windows(sessions: IntArray) -> IntArray:
    """The window that ends at each line, (n, 8, h + 1)."""
    padded = np.pad(sessions, ((0, 0), (HISTORY, 0)), constant_values=PADDING)
    return np.lib.stride_tricks.sliding_window_view(padded, HISTORY + 1, axis=1).copy()


def _named(keys: IntArray) -> SequenceBatch:
    """Windows of whole sessions, which have names."""
    names = [f"session {number}" for number in range(len(keys) // _LENGTH)]
    return replace(_batch(keys), entities=np.repeat(np.array(names, dtype=object), _LENGTH))


def _batch(keys: IntArray) -> SequenceBatch:
    return SequenceBatch.of_keys(planted_vocabulary(), keys)


def _keys(texts: tuple[str, ...]) -> IntArray:
    return np.arange(len(texts), dtype=np.int64)


def _places() -> IntArray:
    return _keys(_PLACES) + len(_ROLES)
