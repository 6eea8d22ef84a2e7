"""Names of any script in Latin letters, so that *Путин* and *Putin* meet.

Only clusters of different languages are compared so; inside one language a name is spelt one way.
"""

from __future__ import annotations

from collections.abc import Callable

from dedup.errors import MissingDependencyError

__all__ = ["latin_letters"]


def latin_letters() -> Callable[[str], str]:
    """Return a function that writes a folded word in Latin letters, folded too.

    Raises
    ------
    MissingDependencyError
        If anyascii is not installed.

    Examples
    --------
    >>> write = latin_letters()
    >>> write("путин"), write("aлибаба"), write("liege")
    ('putin', 'alibaba', 'liege')
    """
    try:
        from anyascii import anyascii
    except ImportError as error:
        raise MissingDependencyError("anyascii", "semantic") from error

    def write(word: str) -> str:
        return word if word.isascii() else anyascii(word).casefold()

    return write
