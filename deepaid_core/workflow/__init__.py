"""Use cases; the only door for pages and the command line."""
