"""How each kind of data shows why an event was flagged."""
