"""StoryIndex: the batch's own stages for a stream that never ends, on SQLite.

``packing`` articles ↔ bytes · ``store`` the file · ``table``, ``postings``, ``window`` what is
compared about the live articles, in memory · ``placing`` where newcomers go · ``identity`` which
cluster keeps its id · ``records`` what is returned · ``story_index`` the class.
"""
