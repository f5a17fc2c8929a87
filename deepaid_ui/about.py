"""The parts of the About page."""

import os
import platform

import streamlit as st

from deepaid_core import __version__
from deepaid_core.workflow import distill
from deepaid_ui import panels, tables
from deepaid_ui.workspace import workspace

__all__ = ["detectors", "installation", "limitations"]

_LIMITATIONS = (
    "An interpretation describes the detector, not the intent of whoever caused the event: it "
    "says what would have to differ for the detector to accept it.",
    "*Verified* means that the detector accepts exactly the closest normal event that is shown. It "
    "does not mean that such an event could happen.",
    "Severity says how far a score is over the threshold, not how dangerous the event is.",
    "A detector flags what its training traffic did not show; attacks in that traffic are normal "
    "to it.",
    "The Distiller counts verdicts. It suggests and never decides; wrong verdicts teach it wrong "
    "things until they are undone.",
    "Anyone who can open this page can judge under any name: there is no sign-in yet.",
)


def detectors() -> None:
    """Detector versions with threshold and digest."""
    st.markdown("**Detectors**")
    known = workspace().store.detectors()
    if not known:
        st.caption("None yet. Load the demo data on the Overview or train one under Data.")
        return
    tables.show(
        tables.detectors_frame(known),
        key=f"detectors-{len(known)}",
        alt="Detector versions with threshold and digest",
        clickable=False,
    )


def installation() -> None:
    """Versions and where things are kept."""
    st.markdown("**Workspace**")
    log_number, findings = workspace().store.version()
    panels.facts(
        (
            ("DeepAID Studio", __version__),
            ("Folder", str(workspace().home)),
            (
                "Database",
                "by DEEPAID_DATABASE_URL"
                if os.environ.get("DEEPAID_DATABASE_URL")
                else "SQLite, in the folder",
            ),
            ("Analyst", workspace().author or "asked in the page"),
            ("Findings", f"{findings:,}"),
            ("Entries in the verdict log", f"{log_number:,}"),
            ("Machine of the Distiller", distill.machine(workspace()).version),
            ("Python", platform.python_version()),
        )
    )


def limitations() -> None:
    """What not to read into what is shown."""
    st.markdown("**Limits**")
    for sentence in _LIMITATIONS:
        st.markdown(f"- {sentence}")
