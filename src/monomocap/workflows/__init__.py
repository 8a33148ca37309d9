"""Whole jobs that several faces share."""
