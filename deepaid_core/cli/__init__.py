"""The command line: the same workflow functions as the pages."""
