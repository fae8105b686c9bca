"""Reference numbers of other frameworks, and the scripts that make them."""
