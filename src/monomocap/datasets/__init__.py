"""Motion capture and benchmarks, and synthetic cameras to look at them."""
