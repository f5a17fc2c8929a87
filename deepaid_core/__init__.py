"""DeepAID Studio: why a detector flagged an event, and what analysts made of it."""

__all__ = ["__version__"]
__version__ = "0.1.0"
