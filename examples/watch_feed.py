"""Keep the stories of an RSS feed: run it as often as the feed changes.

    python examples/watch_feed.py examples/feed.xml stories.db

What was seen before changes nothing, so it can be run again at any time, also after it was stopped.
"""

from __future__ import annotations

import sys

import feedparser

from dedup import StoryIndex


def main(feed: str, store: str) -> None:
    entries = feedparser.parse(feed).entries
    with StoryIndex(store) as index:
        seen = {entry.id for entry in entries if entry.id in index}
        for assignment in index.add(entries, on_error="skip"):
            if assignment.article_id in seen:
                continue
            if assignment.is_new:
                print(f"new story {assignment.cluster_id}: {assignment.article_id}")
            else:
                print(f"story {assignment.cluster_id}: {assignment.article_id}, {assignment.role}")
        print(index.stats())


if __name__ == "__main__":
    main(*sys.argv[1:])
