"""A made table of the shape of public connection records, and where the public ones lie."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[3]
NUMBERS = ("seconds", "sent", "received", "connections", "errors")
CATEGORIES = ("protocol", "service")


def public_table(name: str) -> Path:
    """A public table that is not part of the repository; skips the test without it."""
    path = Path(os.environ.get("DEEPAID_SHARED_DATA", ROOT.parent / "shared/data")) / name
    if not path.exists():
        pytest.skip(f"the public table {name} is not here; set DEEPAID_SHARED_DATA to its folder")
    return path


def connections(n: int, *, seed: int = 0, attacks: int = 0) -> pd.DataFrame:
    """Connections of three services; the last `attacks` rows are mail that behaves like the web.

    Every service has its own habits, so that a wrong service is what deviates in an attack.
    """
    random = np.random.default_rng(seed)
    habits = {
        "http": ("tcp", 0.4, 900.0, 60_000.0, 20.0),
        "smtp": ("tcp", 8.0, 40_000.0, 500.0, 2.0),
        "dns": ("udp", 0.02, 60.0, 180.0, 120.0),
    }
    service = random.choice(list(habits), n, p=(0.4, 0.3, 0.3))
    service[n - attacks :] = "http"
    typical = np.array([habits[name][1:] for name in service])
    values = typical * random.lognormal(0, 0.15, typical.shape)
    shown = service.copy()
    shown[n - attacks :] = "smtp"
    start = 1_770_000_000
    return pd.DataFrame(
        {
            "time": pd.to_datetime(start + np.arange(n) * 5, unit="s").strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
            "host": [f"10.1.0.{number}" for number in random.integers(2, 12, n)],
            "protocol": [habits[name][0] for name in service],
            "service": shown,
            "seconds": values[:, 0].round(3),
            "sent": values[:, 1].round(),
            "received": values[:, 2].round(),
            "connections": values[:, 3].round(),
            "errors": random.poisson(0.3, n),
            "label": ["normal"] * (n - attacks) + ["attack"] * attacks,
        }
    )


def connections_csv(path: Path, n: int, *, seed: int = 0, attacks: int = 0) -> Path:
    """The same as a file."""
    connections(n, seed=seed, attacks=attacks).to_csv(path, index=False)
    return path
