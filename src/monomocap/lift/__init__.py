"""2D tracks to 3D motion."""
