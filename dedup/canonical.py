"""Which version of a story to show: an ordered list of rules, each with its reason.

Laws
----
* Rules give grades, not scores.  Those with the best grade stay in the running, and the next rule
  decides among them; no rule can outvote one before it.
* The choice depends on the members and the configuration alone, not on the members' order: rules
  see them ordered by id.
* One member is always left.  A withdrawn story is chosen only where every member is withdrawn.
* A reason is given for every rule that put somebody out, and for no other.

Theory of operation
-------------------
:func:`choose` runs *withdrawn*, the rules of the configuration, and *stable*.  By default:

1. ``pinned``: the user's pins and bans of single articles.
2. ``withdrawn_story``: the story that a KILL notice withdraws, and its reprints, step back.
3. ``corrected``: not a version that its own outlet corrected since.
4. ``named_canonical``: pages at other addresses name it in ``canonical_url``.
5. ``agency``: it is the own article of the agency that the others credit.
6. ``source_priority``: the user's order of outlets; no outlet has a rank of its own.
7. ``untranslated``: no untranslated fragments of a machine translation.
8. ``completeness``: a body of at least 80 % of the cluster's median; not the longest.
9. ``updates``: silent, unless ``prefer_updates`` is set.
10. ``earliest``: published first, as far as the dates are precise and can be trusted.
11. ``centre``: near what the reports have in common, in coarse steps.
12. ``presentation``: headline not in capitals, cut or repeated, no padding for search engines.

The rules are told in :mod:`dedup.canonical_rules`, with what speaks for their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from dedup.canonical_records import Grade, Member, Rule
from dedup.canonical_rules import RULES, TIE_BREAK, WITHDRAWN
from dedup.errors import ConfigError
from dedup.provenance import trusted_dates

__all__ = ["RULES", "CanonicalConfig", "Choice", "Grade", "Member", "Rule", "choose"]

_BUILT_IN: Final = {rule.name: rule for rule in RULES}
_FIXED: Final = {WITHDRAWN.name: "first", TIE_BREAK.name: "last"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalConfig:
    """How the version to show is chosen.

    Parameters
    ----------
    pins : tuple of str
        Ids of articles to show whenever they are in a cluster, unless they were withdrawn.  More
        pins cost attention: a pin stays in force when a better version arrives.
    bans : tuple of str
        Ids of articles to show only if there is nothing else.  More bans cost stories' best
        versions where the ban was meant for one story.
    source_priority : tuple of str
        Outlets by name or host, best first.  A longer list costs fairness: a late or short version
        of a listed outlet (not a withdrawn one) wins over a full, early one of any other.
    min_completeness : float
        Share of the cluster's median length that a full text must reach, in (0, 1].  Raising it
        costs brevity: tightly written reports fail and long-winded ones remain.  Lowering it lets
        cut texts through.
    prefer_updates : bool
        Prefer an outlet's latest version over the first publication.  True costs the original's
        credit, and stability: the version shown changes with each update.
    rules : tuple of str or Rule
        Names of built-in rules in order, and rules of your own.  Leave one out to switch it off.
        More rules cost time per cluster, and each decides only what those before it left open.

    Raises
    ------
    ConfigError
        Naming the setting, if one is out of its range.

    Examples
    --------
    >>> CanonicalConfig(rules=("earliest", "longest"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    dedup.errors.ConfigError: canonical.rules: there is no rule 'longest'; there are pinned, ...
    >>> CanonicalConfig(source_priority=("reuters.com", "Bisnis.com")).min_completeness
    0.8
    """

    pins: tuple[str, ...] = ()
    bans: tuple[str, ...] = ()
    source_priority: tuple[str, ...] = ()
    min_completeness: float = 0.8
    prefer_updates: bool = False
    rules: tuple[str | Rule, ...] = tuple(_BUILT_IN)

    def __post_init__(self) -> None:
        for name in ("pins", "bans", "source_priority"):
            object.__setattr__(self, name, _strings(name, getattr(self, name)))
        both = sorted(set(self.pins) & set(self.bans))
        if both:
            raise ConfigError(f"canonical.pins and canonical.bans both hold {both[0]!r}; keep one")
        share = self.min_completeness
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise ConfigError(
                f"canonical.min_completeness must lie in (0, 1], got {share!r}; 0.8 means 80 %"
            )
        if not isinstance(self.prefer_updates, bool):
            raise ConfigError(
                f"canonical.prefer_updates must be True or False, got {self.prefer_updates!r}"
            )
        object.__setattr__(self, "rules", _checked_rules(self.rules))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON types; a rule of your own is stored by its name alone."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["rules"] = [_name(rule) for rule in self.rules]
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CanonicalConfig:
        """Return the configuration that :meth:`to_dict` stored.

        A rule that is not built in comes back as one that raises :class:`ConfigError` when it runs,
        so that a stored result can be read without the code of the rule.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(
                f"canonical.{unknown[0]} is no setting; there are {', '.join(sorted(known))}"
            )
        settings = dict(values)
        if isinstance(settings.get("rules"), list | tuple):
            settings["rules"] = tuple(
                _absent_rule(rule) if isinstance(rule, str) and _is_own(rule) else rule
                for rule in settings["rules"]
            )
        return cls(**settings)


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"canonical.{name} must be a tuple of strings, got {value!r}")
    return tuple(value)


def _checked_rules(rules: object) -> tuple[str | Rule, ...]:
    """Return the rules as a tuple, built-in ones by name."""
    if not isinstance(rules, list | tuple):
        raise ConfigError(f"canonical.rules must be a tuple of names and rules, got {rules!r}")
    checked: list[str | Rule] = []
    for rule in rules:
        if not isinstance(rule, str | Rule):
            raise ConfigError(f"canonical.rules holds {rule!r}, neither a name nor a Rule")
        name = _name(rule)
        if name in _FIXED:
            raise ConfigError(
                f"canonical.rules: the rule {name!r} always runs {_FIXED[name]}; leave it out"
            )
        if isinstance(rule, str) and name not in _BUILT_IN:
            raise ConfigError(
                f"canonical.rules: there is no rule {name!r}; there are {', '.join(_BUILT_IN)}"
            )
        if isinstance(rule, Rule) and name in _BUILT_IN and rule is not _BUILT_IN[name]:
            raise ConfigError(f"canonical.rules: {name!r} is a built-in rule; name yours otherwise")
        if name in map(_name, checked):
            raise ConfigError(f"canonical.rules holds {name!r} twice")
        checked.append(name if name in _BUILT_IN else rule)
    return tuple(checked)


def _name(rule: str | Rule) -> str:
    return rule if isinstance(rule, str) else rule.name


def _is_own(name: str) -> bool:
    return name not in _BUILT_IN and name not in _FIXED


def _absent_rule(name: str) -> Rule:
    """Return a stand-in for a rule whose code was not stored."""

    def refuse(members: Sequence[Member], config: CanonicalConfig) -> Sequence[Grade]:
        raise ConfigError(
            f"the rule {name!r} is not built in and its code is not stored with the "
            f"configuration; put the Rule itself into canonical.rules"
        )

    return Rule(name=name, grade=refuse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The member to show, and why.

    Parameters
    ----------
    index : int
        Its position among the members.
    article_id : str
        Its id.
    reasons : tuple of str
        One for each rule that put somebody out, in the order of the rules.
    trail : tuple of (str, tuple of str)
        Every rule that ran, with the ids that it left in the running, sorted.
    """

    index: int
    article_id: str
    reasons: tuple[str, ...]
    trail: tuple[tuple[str, tuple[str, ...]], ...]


def choose(members: Sequence[Member], config: CanonicalConfig | None = None) -> Choice:
    """Choose which member of a cluster to show.

    Parameters
    ----------
    members : sequence of Member
        One cluster; at least one, no two with one id.
    config : CanonicalConfig, optional
        The default if absent.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        If there are no members, or two have one id.
    ConfigError
        If a rule of the user's does not give one :class:`Grade` for each member.

    Notes
    -----
    O(n log n) in the members, plus one pass over the texts of those that reach the rules on texts.
    """
    config = CanonicalConfig() if config is None else config
    positions = sorted(range(len(members)), key=lambda at: members[at].article.id)
    if not positions or len({member.article.id for member in members}) < len(members):
        raise ValueError("choose() needs at least one member, and no two with one id")
    if len(members) == 1:
        withdrawn = members[0].clean.withdrawn
        only = "the only report" + (", and withdrawn by its publisher" if withdrawn else "")
        return Choice(index=0, article_id=members[0].article.id, reasons=(only,), trail=())

    cluster = _with_dates([members[at] for at in positions])
    left = list(range(len(cluster)))
    decisive: list[dict[int, Grade]] = []
    trail = []
    for rule in _rules(config):
        grades = _grades(rule, cluster, left, config)
        best = max(grades[at].level for at in left)
        kept = [at for at in left if grades[at].level == best]
        if len(kept) < len(left):
            decisive.append(grades)
        left = kept
        trail.append((rule.name, tuple(cluster[at].article.id for at in left)))
        if len(left) == 1:
            break
    winner = left[0]
    return Choice(
        index=positions[winner],
        article_id=cluster[winner].article.id,
        reasons=tuple(grades[winner].reason for grades in decisive),
        trail=tuple(trail),
    )


def _with_dates(members: Sequence[Member]) -> list[Member]:
    """Return the members with their trusted dates, which only the whole cluster can tell."""
    dates = trusted_dates(
        [member.article for member in members],
        [member.clean for member in members],
        [member.group for member in members],
    )
    return [replace(member, date=date) for member, date in zip(members, dates, strict=True)]


def _rules(config: CanonicalConfig) -> tuple[Rule, ...]:
    own = (_BUILT_IN[rule] if isinstance(rule, str) else rule for rule in config.rules)
    return (WITHDRAWN, *own, TIE_BREAK)


def _grades(
    rule: Rule, cluster: Sequence[Member], left: Sequence[int], config: CanonicalConfig
) -> dict[int, Grade]:
    """Run one rule; return its grades by position in the cluster."""
    asked = range(len(cluster)) if rule.whole_cluster else left
    grades = rule.grade([cluster[at] for at in asked], config)
    wrong = not isinstance(grades, Sequence) or len(grades) != len(asked)
    if wrong or not all(isinstance(grade, Grade) for grade in grades):
        raise ConfigError(f"the rule {rule.name!r} must give one Grade for each member")
    return dict(zip(asked, grades, strict=True))
