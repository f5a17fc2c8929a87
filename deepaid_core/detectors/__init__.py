"""What normal looks like."""
