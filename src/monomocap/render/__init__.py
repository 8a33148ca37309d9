"""Pictures: overlays, the 3D stage, and a mannequin whose truth is known."""
