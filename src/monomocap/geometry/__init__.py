"""Pure functions on arrays: cameras, rotations, alignment, time."""
