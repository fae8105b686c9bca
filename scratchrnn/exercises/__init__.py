"""What a student fills in, and the marker that diagnoses it."""
