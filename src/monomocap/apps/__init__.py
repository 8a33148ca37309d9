"""Applications: what people do with a take, each a function with a typed result."""
