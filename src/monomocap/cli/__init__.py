"""The command line: it parses, calls one function, and prints. Heavy rooms are imported on use."""
