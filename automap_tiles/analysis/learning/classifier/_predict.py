"""From features to class probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._library import xgboost
from automap_tiles.analysis.learning.classifier._linear import Linear
from automap_tiles.analysis.learning.classifier._members import Member, MemberKind, roots_of, vote
from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._setups import Fitted, predict
from automap_tiles.errors import InputError

if TYPE_CHECKING:
    from xgboost import Booster


_ROUNDING = np.float32(1e-4)
"""An upper bound of the rounding error of probabilities: a smaller lead is not reliable."""


class Predictor:
    """A model ready for prediction; created once per worker.

    It uses one thread: tiles are processed in parallel. Raises `InputError` if the trees cannot be
    loaded or belong to other features, `MissingExtra` without XGBoost.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.values = model.values
        """(class,) uint8 class numbers, in the order of the probabilities."""
        self._members = [(member, _loaded(member, model)) for member in model.members]

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(sample, class) from features (sample, feature) as the model's recipe computes them.

        Principal components, if the model has them, are computed here. Rows are independent of each
        other, bit by bit.
        """
        if not len(rows := self.inputs(rows)):
            return np.empty((0, len(self.values)), dtype=np.float32)
        votes = [_probabilities(member, fitted, rows) for member, fitted in self._members]
        return vote(votes, [member.weight for member, _ in self._members])

    def leading(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(sample, class) like `probabilities`, but only the index of the largest is meaningful.

        Members with the largest weights are evaluated first, the others only for samples where they
        could still change the leading class: the same class, found faster.
        """
        rows = self.inputs(rows)
        found = np.empty((len(rows), len(self.values)), dtype=np.float32)
        weights = [member.weight for member, _ in self._members]
        places, votes = np.arange(len(rows)), dict[int, NDArray[np.float32]]()
        for place in sorted(range(len(weights)), key=lambda place: -weights[place]):
            if not len(places):
                break
            votes[place] = _probabilities(*self._members[place], rows)
            # in the order of the members, as in `probabilities`, for the same bits
            asked = sorted(votes)
            total = vote([votes[one] for one in asked], [weights[one] for one in asked])
            found[places] = total
            share = sum(weights[one] for one in asked) / sum(weights)
            still = np.flatnonzero(_lead(total) * share <= (1 - share) + _ROUNDING)
            places, rows = places[still], rows[still]
            votes = {one: each[still] for one, each in votes.items()}
        return found

    def inputs(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The features (sample, feature) that the members use, or their principal components."""
        if rows.ndim != 2 or rows.shape[1] != len(self.model.recipe.names):
            raise ValueError(
                f"rows of shape {rows.shape} do not fit {len(self.model.recipe.names)} features"
            )
        return rows if self.model.pca is None else self.model.pca.apply_rows(rows)

    def classes(self, probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(sample,) numbers of the most probable classes; of equal ones the lower number."""
        found: NDArray[np.uint8] = self.values[probabilities.argmax(axis=1)]
        return found


def _lead(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """(sample,) difference between the largest and the second largest of (sample, class)."""
    if shares.shape[1] == 1:
        return np.ones(len(shares), dtype=np.float32)
    highest = np.partition(shares, -2, axis=1)[:, -2:]
    found: NDArray[np.float32] = highest[:, 1] - highest[:, 0]
    return found


def _probabilities(
    member: Member, fitted: Fitted, rows: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(sample, class) vote of a member."""
    found = predict(fitted, member.take(rows))
    return roots_of(found) if member.roots else found


def _loaded(member: Member, model: Model) -> Fitted:
    fitted: Fitted
    if member.kind is MemberKind.LINEAR:
        fitted = _linear(member.content)
        found = fitted.weights.shape[1]
    else:
        fitted = _booster(member.content, model)
        found = fitted.num_features()
    wanted = member.facts(model.inputs)["inputs"]
    if found != wanted:
        raise InputError(
            f"the trees of the model see {found} columns, its recipe gives {wanted}: train the "
            "model again"
        )
    return fitted


def _linear(content: bytes) -> Linear:
    try:
        return Linear.from_bytes(content)
    except ValueError as error:
        raise InputError(f"the model is damaged: {error}; train it again") from error


def _booster(content: bytes, model: Model) -> Booster:
    library = xgboost()
    booster: Booster = library.Booster()
    try:
        booster.load_model(bytearray(content))
    except library.core.XGBoostError as error:
        made_by = model.versions.get("xgboost", "another version")
        raise InputError(
            f"the trees of the model cannot be loaded by XGBoost {library.__version__}; they were "
            f"made by {made_by}: install that version or train the model again"
        ) from error
    booster.set_param({"nthread": 1})
    return booster
