"""Deliveries of one Landsat acquisition, ranked by tier, correction and collection.

Tiers and levels: USGS, "Landsat Collection 2 data dictionary" (LSDS-1618).
"""

from __future__ import annotations

from datetime import timedelta

from automap_tiles.missions._common.deliveries import SAME_TIME, Deliveries, Merit
from automap_tiles.missions._common.scene import Scene
from automap_tiles.missions.landsat._names import Delivery, delivery

_TIERS = {"RT": 0, "T2": 1, "A2": 1, "T1": 2, "A1": 2}
_UNKNOWN_TIER = 1
"""Products before the collections have no tier: ranked above real time, with the rest."""
_LEVELS = {"L1GS": 0, "L1G": 0, "L1GT": 1, "L1TP": 2, "L1T": 2, "L2SR": 1, "L2SP": 2}
_SAME_DAY = timedelta(hours=23)


class LandsatDeliveries(Deliveries):
    """Best tier first, then best correction, then newest collection."""

    def merits(self, scene: Scene) -> tuple[Merit, ...]:
        named = _named(scene)
        tier = scene.metadata.get("tier") or (named.tier if named else None)
        collection = scene.metadata.get("collection") or (named.collection if named else None)
        text = str(collection or "")
        return (
            Merit(word="tier", rank=(_TIERS.get(str(tier), _UNKNOWN_TIER),), said=tier),
            Merit(word="level", rank=(_LEVELS.get(scene.level or "", 0),), said=scene.level),
            Merit(
                word="collection",
                rank=(int(text) if text.isdigit() else 0,),
                said=text or None,
            ),
        )

    def processed(self, scene: Scene) -> str:
        named = _named(scene)
        return super().processed(scene) or (named.processed if named else "")

    def tolerance(self, scene: Scene) -> timedelta:
        """Some items state only the day, and a path/row is seen at most once a day."""
        return SAME_TIME if scene.tile is None else _SAME_DAY


def _named(scene: Scene) -> Delivery | None:
    """Metadata in the product name."""
    return delivery(str(scene.metadata.get("product") or scene.id))
