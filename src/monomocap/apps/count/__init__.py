"""Counting repetitions: of anything that repeats, or of an exercise that is defined."""
