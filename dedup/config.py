"""Every setting of the library, in one place, validated when made.

The defaults are meant to be kept.  They were chosen by measurement on news in many languages
(``benchmarks/``), not on any one collection, and each setting below says what raising it costs.

A configuration is a frozen record of smaller ones, one per stage.  Name what differs:

>>> config = Config(duplicate=DuplicateConfig(shingle_size=3, threshold=0.8))
>>> config.duplicate.threshold
0.8
>>> DuplicateConfig(threshold=80)
Traceback (most recent call last):
...
dedup.errors.ConfigError: threshold must lie in (0, 1], got 80; 0.8 means 80 %
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from dedup.canonical import CanonicalConfig
from dedup.errors import ConfigError
from dedup.events.links import Pair, checked_links
from dedup.semantic import Embedder, NamedEmbedder, stored_embedder

if TYPE_CHECKING:
    from dedup.calibration import Judgement

__all__ = ["CanonicalConfig", "Config", "DuplicateConfig", "EventConfig", "TextConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """How articles are cleaned.

    Parameters
    ----------
    strip_furniture : bool
        Take site furniture (share lines, related stories, footers, lines that recur across a
        source) off before anything is compared.  Switching it off makes pages of one site look
        alike.
    """

    strip_furniture: bool = True

    def __post_init__(self) -> None:
        _require_bool(self, "strip_furniture")


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateConfig:
    """What counts as a copy of a text.

    Parameters
    ----------
    shingle_size : int
        Consecutive tokens in a shingle.  Raising it tells templates apart better and loses copies
        with scattered edits.
    threshold : float
        Least exact Jaccard similarity of a copy with its group's centre, in (0, 1].  Raising it
        loses cut and edited copies; lowering it lets notices from one template pass as copies.
    num_perm : int
        Length of a signature, at least ``bands * rows``.  Raising it costs time and memory alone.
    bands, rows : int
        How signatures are cut up to find candidates.  More bands find more and verify more; more
        rows to a band find less.
    bucket_cap : int
        Texts in one bucket that are all paired with each other; above it, each is paired with a
        few leaders.  Raising it costs time in proportion to its square.
    """

    shingle_size: int = 5
    threshold: float = 0.65
    num_perm: int = 128
    bands: int = 42
    rows: int = 3
    bucket_cap: int = 64

    def __post_init__(self) -> None:
        for name in ("shingle_size", "num_perm", "bands", "rows"):
            _require_int(self, name, at_least=1)
        _require_int(self, "bucket_cap", at_least=8)
        _require_share(self, "threshold")
        if self.bands * self.rows > self.num_perm:
            raise ConfigError(
                f"bands * rows must not exceed num_perm, got {self.bands} * {self.rows} > "
                f"{self.num_perm}; raise num_perm or lower bands"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventConfig:
    """What counts as a report of the same event.

    Parameters
    ----------
    threshold : float
        Least mean probability between the members of two clusters that are joined, in (0, 1].
        Raising it splits stories; lowering it joins similar ones.
    floor : float
        Pairs less probable than this are dropped before clustering, in (0, threshold].  Raising it
        saves time and makes clusters slightly tighter.
    window_days : float
        Largest gap between the dates of two reports.  Raising it lets long stories stay whole, and
        costs time; undated articles are inside every window.
    prior_weight : int
        How many texts general language counts for beside the input, when the rarity of a word is
        judged.  Raising it makes small inputs safer and large ones slower to adapt.
    top_terms : int
        Rarest terms of each text used to find candidates.  Raising it finds more, and costs time.
    min_cosine : float
        Least overlap of those terms.  Raising it saves time, and loses reports that share little.
    across_languages : bool
        Let reports in different languages join by the names and numbers that they share.  Finds
        some such stories, and splits others in new places: scores across languages are not
        calibrated.
    posting_cap : int
        Texts that may share a term before it stops generating candidates; a term that is rare in
        general language generates them among so many texts in a row.  Raising it holds larger
        stories together, up to about twice as many texts, and costs time in proportion to its
        square.
    must_link : tuple of (str, str)
        Ids of articles that report one event, whatever their score, dates or languages say.  Pairs
        chain, and each speaks for all copies of its two articles.  More pairs cost attention: a
        pair stays in force when its reason is gone.
    cannot_link : tuple of (str, str)
        Ids of articles that do not: no cluster ever holds both.  More pairs cost attention too, and
        each may split the rest of a story in a place of its own.
    embedder : Embedder, optional
        Lets reports in different languages join, such as
        ``dedup.semantic.UniversalSentenceEncoder()``; see ``docs/semantic.md``.  Costs reading the
        headline and lead of every text that another language may have reported, some hundred texts
        a second.  A configuration that was stored and read again knows its name and version only.

    Raises
    ------
    ConfigError
        Naming the setting, if one is out of its range or two contradict each other.  That a pair
        names no article of the input, or contradicts its copies, comes out in
        :func:`dedup.find_clusters`.

    Notes
    -----
    Events alone are meant by all of this: ``level="duplicate"`` asks about texts, and none of these
    settings has a say in it.

    Examples
    --------
    >>> EventConfig(must_link=[["a", "b"]]).must_link
    (('a', 'b'),)
    """

    threshold: float = 0.425
    floor: float = 0.02
    window_days: float = 30.0
    prior_weight: int = 1000
    top_terms: int = 80
    min_cosine: float = 0.03
    across_languages: bool = False
    posting_cap: int = 3000
    must_link: tuple[Pair, ...] = ()
    cannot_link: tuple[Pair, ...] = ()
    embedder: Embedder | NamedEmbedder | None = None

    def __post_init__(self) -> None:
        _require_share(self, "threshold")
        _require_share(self, "floor")
        _require_share(self, "min_cosine")
        _require_int(self, "prior_weight", at_least=1)
        _require_int(self, "top_terms", at_least=1)
        _require_int(self, "posting_cap", at_least=2)
        _require_bool(self, "across_languages")
        if self.prior_weight > _MOST_TEXTS:
            raise ConfigError(f"prior_weight must not exceed {_MOST_TEXTS:,}")
        number = isinstance(self.window_days, int | float) and not isinstance(
            self.window_days, bool
        )
        if not number or not 0 <= self.window_days <= _LONGEST_WINDOW:
            raise ConfigError(
                f"window_days must be a number from 0 to {_LONGEST_WINDOW:,}, "
                f"got {self.window_days!r}"
            )
        if self.floor > self.threshold:
            raise ConfigError(
                f"floor must not exceed threshold, got {self.floor} > {self.threshold}; lower it, "
                "too, or take at_threshold(), which does"
            )
        must, cannot = checked_links(self.must_link, self.cannot_link)
        object.__setattr__(self, "must_link", must)
        object.__setattr__(self, "cannot_link", cannot)
        object.__setattr__(self, "embedder", stored_embedder(self.embedder))

    def at_threshold(self, threshold: float) -> EventConfig:
        """Return these settings with another threshold; a floor above it is lowered to it.

        Raises
        ------
        ConfigError
            If it is out of its range.

        Examples
        --------
        >>> EventConfig(floor=0.1).at_threshold(0.05).floor
        0.05
        """
        below = isinstance(threshold, int | float) and 0 < threshold < self.floor
        return replace(self, threshold=threshold, floor=threshold if below else self.floor)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON types."""
        return {
            # Not asdict(), which would copy the embedder.
            **{part.name: getattr(self, part.name) for part in fields(self)},
            "must_link": [list(pair) for pair in self.must_link],
            "cannot_link": [list(pair) for pair in self.cannot_link],
            "embedder": None
            if self.embedder is None
            else {"name": self.embedder.name, "version": self.embedder.version},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings: text, duplicate, event, canonical.

    Examples
    --------
    >>> Config.from_dict(Config().to_dict()) == Config()
    True
    """

    text: TextConfig = field(default_factory=TextConfig)
    duplicate: DuplicateConfig = field(default_factory=DuplicateConfig)
    event: EventConfig = field(default_factory=EventConfig)
    canonical: CanonicalConfig = field(default_factory=CanonicalConfig)

    def __post_init__(self) -> None:
        for part in fields(self):
            expected = _PARTS[part.name]
            if not isinstance(getattr(self, part.name), expected):
                raise ConfigError(
                    f"{part.name} must be a {expected.__name__}, got {getattr(self, part.name)!r}"
                )

    @classmethod
    def calibrated(cls, judged: Iterable[Judgement], *, links: bool = True) -> Config:
        """Return the configuration of a run, with what a person made of its borderline pairs.

        Parameters
        ----------
        judged : iterable of Judgement
            What ``borderline(…)[…].judged(same=…)`` returned, from one run.
        links : bool
            Make the judged pairs ``event.must_link`` and ``event.cannot_link``, besides moving
            ``event.threshold``.  Switch it off for other articles than those that were judged.

        Returns
        -------
        Config
            The threshold moves as far as the judgements insist, and no further.  How sure that is
            says :meth:`dedup.Clustering.calibrate`.

        Raises
        ------
        ConfigError
            If the judgements contradict one another, or come from different configurations.

        Examples
        --------
        >>> Config.calibrated([]) == Config()
        True
        """
        from dedup.calibration import calibrate

        return calibrate(judged, links=links).config

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data; custom canonical rules by their names."""
        return {
            "text": asdict(self.text),
            "duplicate": asdict(self.duplicate),
            "event": self.event.to_dict(),
            "canonical": self.canonical.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Config:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        ConfigError
            If a setting is unknown or out of its range.
        """
        unknown = sorted(set(data) - set(_PARTS))
        if unknown:
            raise ConfigError(f"unknown settings {unknown}; there are {sorted(_PARTS)}")
        for name, values in data.items():
            if not isinstance(values, Mapping):
                raise ConfigError(f"{name} must be a mapping of settings, got {values!r}")
        try:
            parts: dict[str, Any] = {
                name: CanonicalConfig.from_dict(values)
                if name == "canonical"
                else _PARTS[name](**values)
                for name, values in data.items()
            }
        except TypeError as error:
            raise ConfigError(f"unknown setting: {error}") from error
        return cls(**parts)


#: More texts than anybody has: beyond it, whole numbers of 64 bits would not do.
_MOST_TEXTS = 1_000_000_000

#: Days, a hundred years: as good as no window.
_LONGEST_WINDOW = 36_525

_PARTS: dict[str, Any] = {
    "text": TextConfig,
    "duplicate": DuplicateConfig,
    "event": EventConfig,
    "canonical": CanonicalConfig,
}


def checked_config(config: Config | None) -> Config:
    """Return the configuration, or the default one; refuse anything else."""
    if config is None:
        return Config()
    if not isinstance(config, Config):
        raise ConfigError(f"config must be a Config, got {config!r}; Config.from_dict() makes one")
    return config


def _require_bool(record: object, name: str) -> None:
    value = getattr(record, name)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, got {value!r}")


def _require_int(record: object, name: str, *, at_least: int) -> None:
    value = getattr(record, name)
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise ConfigError(f"{name} must be a whole number from {at_least} up, got {value!r}")


def _require_share(record: object, name: str) -> None:
    value = getattr(record, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ConfigError(f"{name} must lie in (0, 1], got {value!r}; 0.8 means 80 %")
