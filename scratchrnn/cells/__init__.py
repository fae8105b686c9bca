"""The readable recurrences."""
