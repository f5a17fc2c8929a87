"""Where findings and decisions are kept."""
