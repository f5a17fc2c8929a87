"""Which columns of a table of logins say who, from where, to where, and whether it worked."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import ObjectArray
from deepaid_core.domain.settings import LoginSettings
from deepaid_core.sources.columns import read_frame, texts_of

__all__ = ["outcomes_of", "propose_logins"]

_LOOKED_AT: Final = 1000  # rows

# Whole names, most telling first: a column is proposed for what it is called, so that one with
# the truth in it ("label", "note", "red_team") never is.
_NAMES: Final = {
    "time": "time timestamp datetime event_time eventtime date ts when",
    "user": (
        "user username user_name account account_name login login_name src_user source_user "
        "target_user_name targetusername principal"
    ),
    "source": (
        "src_host source_host src_computer source_computer client_host workstation "
        "workstation_name workstationname src_ip source_ip client_ip ip_address ipaddress "
        "remote_ip rhost source src client from"
    ),
    "destination": (
        "dst_host dest_host destination_host dst_computer destination_computer target_host "
        "server_host server computer computer_name hostname host dst_ip dest_ip destination_ip "
        "server_ip destination dst dest target to"
    ),
    "outcome": (
        "success succeeded is_success outcome result auth_result login_result accepted granted "
        "success_failure status"
    ),
}
_SUCCESS: Final = (
    "1 true t yes y ok success successful succeeded accepted accept allowed allow granted pass "
    "passed permitted"
)


def propose_logins(path: Path) -> LoginSettings:
    """As `LoginSource.propose`."""
    frame = read_frame(path, limit=_LOOKED_AT)
    plain: dict[str, str] = {}
    for name in frame.columns:
        plain.setdefault(re.sub(r"[\W_]+", "_", name.lower()).strip("_"), name)
    guesses = {
        role: next((plain[word] for word in words.split() if word in plain), "")
        for role, words in _NAMES.items()
    }
    success: tuple[str, ...] = ()
    if guesses["outcome"]:
        values = {text.lower() for text in outcomes_of(frame, guesses["outcome"])}
        success = tuple(word for word in _SUCCESS.split() if word in values)
    settings = LoginSettings(
        time=guesses["time"],
        user=guesses["user"],
        source=guesses["source"],
        destination=guesses["destination"],
    )
    if not success:
        return settings
    return replace(settings, outcome=guesses["outcome"], success=success)


def outcomes_of(frame: pd.DataFrame, column: str) -> ObjectArray:
    """A column of outcomes as text, (n,)."""
    # Parquet keeps 1 as 1.0 where other rows are empty.
    texts = [text.strip() for text in texts_of(frame, column).tolist()]
    return np.array([re.sub(r"^(\d+)\.0$", r"\1", text) for text in texts], dtype=object)
