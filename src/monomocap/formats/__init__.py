"""Motion to files and back."""
