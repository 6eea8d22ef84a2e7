"""Every error that the library raises on purpose.

::

    DedupError
    ├── ArticleError(ValueError)            an article, or one of its fields, cannot be used
    ├── ConfigError(ValueError)             a setting is out of its range
    ├── StoreError
    │   ├── FormatError(ValueError)         a file is not what it should be
    │   └── MismatchError(ValueError)       a file was made by another version or configuration
    └── MissingDependencyError(ImportError) an optional package is not installed

Each message names what was wrong, where, and what to do about it.
"""

from __future__ import annotations


class DedupError(Exception):
    """Base class of every error raised by this library."""


class ArticleError(DedupError, ValueError):
    """An article, or one of its fields, cannot be used.

    Parameters
    ----------
    message : str
        What is wrong and what to do about it.
    index : int or None
        Zero-based position of the article in the input, if known.
    field : str or None
        Name of the field, if one field is to blame.
    value : object
        The value that was refused.

    Examples
    --------
    >>> error = ArticleError("not a date; use ISO 8601", index=3, field="published", value="soon")
    >>> print(error)
    article 3, field 'published': not a date; use ISO 8601 (got 'soon')
    >>> error.field
    'published'
    """

    def __init__(
        self,
        message: str,
        *,
        index: int | None = None,
        field: str | None = None,
        value: object = None,
    ) -> None:
        self.message = message
        self.index = index
        self.field = field
        self.value = value
        super().__init__(message, index, field, value)

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                None if self.index is None else f"article {self.index}",
                None if self.field is None else f"field {self.field!r}",
            )
            if part
        )
        text = f"{place}: {self.message}" if place else self.message
        if self.value is None:
            return text
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{text} (got {shown})"

    def at(self, index: int) -> ArticleError:
        """Return the same error, placed at a position of the input."""
        return ArticleError(self.message, index=index, field=self.field, value=self.value)


class ConfigError(DedupError, ValueError):
    """A setting is out of its range; the message names it and the range."""


class StoreError(DedupError):
    """Base class of errors about files that the library reads or writes."""


class FormatError(StoreError, ValueError):
    """A file is not what it should be; the message names the file and the line."""


class MismatchError(StoreError, ValueError):
    """A file was made by another version or another configuration."""


class MissingDependencyError(DedupError, ImportError):
    """An optional package is not installed; the message holds the install line."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs the package {package!r}; install it with: "
            f"pip install 'story-dedup[{extra}]'"
        )
        self.package = package
        self.extra = extra


class UnknownIdError(DedupError, KeyError):
    """There is no article with this id in the result."""

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return str(self.args[0])
