"""Frames to 2D people."""
