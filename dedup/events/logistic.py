"""A logistic model in whole numbers, so that log-odds are exact sums and equal on every machine.

Two stages have one: pairs of groups (:mod:`dedup.events.scoring`) and clusters in different
languages (:mod:`dedup.events.across`).  Each names its values; the coefficients stand in a readable
file.

Source: Cox 1958, the regression analysis of binary sequences,
doi:10.1111/j.2517-6161.1958.tb00292.x.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Units of a value, of a coefficient, and of their product, the log-odds.
VALUE_UNIT: Final = 4096
COEFFICIENT_UNIT: Final = 1024
LOG_ODDS_UNIT: Final = VALUE_UNIT * COEFFICIENT_UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A fitted model.

    Parameters
    ----------
    coefficients : mapping of str to int
        One per value, in the order of their columns; in units of ``1 / COEFFICIENT_UNIT``.
    intercept : int
        Log-odds before anything is compared, same units.
    """

    coefficients: Mapping[str, int]
    intercept: int

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], names: Iterable[str]) -> Model:
        """Read the form that the stored models have.

        Raises
        ------
        KeyError
            If a named coefficient is not there.
        """
        return cls(
            coefficients={
                name: round(data["coefficients"][name] * COEFFICIENT_UNIT) for name in names
            },
            intercept=round(data["intercept"] * COEFFICIENT_UNIT),
        )

    def log_odds(self, values: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the log-odds of rows of values.

        Parameters
        ----------
        values : ndarray of integers, shape (m, len(coefficients))
            In units of ``1 / VALUE_UNIT``.

        Returns
        -------
        ndarray of int64, shape (m,)
            In units of ``1 / LOG_ODDS_UNIT``.

        Examples
        --------
        >>> data = {"coefficients": {"cosine": 6.0}, "intercept": -3.0}
        >>> model = Model.from_dict(data, ["cosine"])
        >>> (model.log_odds(np.array([[VALUE_UNIT // 4]])) / LOG_ODDS_UNIT).tolist()
        [-1.5]
        """
        coefficients = np.array([*self.coefficients.values()], dtype=np.int64)
        return np.asarray(values.astype(np.int64) @ coefficients + self.intercept * VALUE_UNIT)


def stored(name: str) -> Any:
    """Return what a file beside this one holds, as JSON has it."""
    return json.loads((files("dedup.events") / name).read_text(encoding="utf-8"))
