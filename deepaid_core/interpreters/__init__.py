"""Why an event is an anomaly."""
