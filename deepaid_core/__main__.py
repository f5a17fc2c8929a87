"""`python -m deepaid_core` is the `deepaid` command."""

from deepaid_core.cli.main import app

app()
