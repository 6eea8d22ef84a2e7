"""Results to look at: in a notebook, and as one page of HTML."""
