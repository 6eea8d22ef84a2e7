"""Text: from an article as it was crawled to the words that count."""
