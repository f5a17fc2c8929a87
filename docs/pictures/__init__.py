"""The pictures of the documentation, taken from a dashboard that runs: `make pictures`."""
