"""Copies of one text: shingles, MinHash, LSH, exact verification, groups."""
