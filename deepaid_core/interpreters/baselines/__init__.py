"""Methods of others, behind the same interface, to compare with."""
