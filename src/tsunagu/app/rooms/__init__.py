"""The team room of a case: talk, files, advice, who is told of what, and the one timeline."""
