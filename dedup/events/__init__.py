"""Reports of one event: weighted terms, candidates, scores, clusters."""
