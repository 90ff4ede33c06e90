"""The pages that Rookery serves to people."""
