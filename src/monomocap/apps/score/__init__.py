"""Scoring a movement against a reference: how alike, what differs, in which direction, and when."""
