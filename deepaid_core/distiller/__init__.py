"""What analysts taught us."""
