"""Select scenes by date and cloud cover, and group those of one overpass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.missions import Level, Scene
from automap_tiles.scenes.funnel import Funnel, FunnelStep
from automap_tiles.scenes.report import SearchReport
from automap_tiles.vector import intersects_across_antimeridian

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Scenes of one overpass follow each other within seconds; a satellite takes 12 minutes from pole to
# equator and returns to the same place after days, or after 100 minutes at high latitudes.
_SAME_OVERPASS = timedelta(minutes=5)

_REFLECTANCE = {
    "toa": "reflectance at the top of the atmosphere",
    "surface": "reflectance at the surface",
}


@dataclass(frozen=True, kw_only=True)
class Period:
    """First to last day, inclusive, UTC."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, moment: datetime) -> bool:
        day = moment.astimezone(UTC).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        return f"{self.first or '..'}/{self.last or '..'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a scene is excluded."""

    step: FunnelStep
    reason: str
    """Equal causes give equal text."""
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Criteria for scenes."""

    period: Period = Period()
    satellites: frozenset[str] | None = None
    """`sentinel-2`, `landsat-8`, ...; None: any."""
    max_cloud_cover: float | None = None
    """Per cent; scenes of unknown cover are included."""
    area: BaseGeometry | None = None
    """Longitude and latitude; None: anywhere."""
    tiles: frozenset[str] = frozenset()
    """`33TWL`, `016037`; empty: all."""
    level: Level | None = None
    """None: any."""

    def __contains__(self, scene: Scene) -> bool:
        return self.refusal(scene) is None

    def refusal(self, scene: Scene) -> Refusal | None:
        """The first step that excludes a scene; None: it is selected.

        Unknown properties of a scene (footprint, cloud cover) do not exclude it.
        """
        return next(filter(None, (rule(scene) for rule in self._rules)), None)

    @property
    def _rules(self) -> tuple[Callable[[Scene], Refusal | None], ...]:
        """Criteria in the order of the steps."""
        return self._of_satellite, self._in_time, self._in_place, self._of_cover, self._of_level

    def _of_satellite(self, scene: Scene) -> Refusal | None:
        if self.satellites is None or scene.satellite in self.satellites:
            return None
        name = scene.satellite
        return Refusal(
            step=FunnelStep.SATELLITES,
            reason=f"of {name}, which is not asked for",
            remedy=f"with {name} among the satellites it is used",
        )

    def _in_time(self, scene: Scene) -> Refusal | None:
        if scene.time in self.period:
            return None
        first, last = self.period.first, self.period.last
        is_early = first is not None and scene.time.astimezone(UTC).date() < first
        reason = f"seen before {first}" if is_early else f"seen after {last}"
        return Refusal(step=FunnelStep.TIME, reason=reason)

    def _in_place(self, scene: Scene) -> Refusal | None:
        if self.tiles and scene.tile not in self.tiles:
            return Refusal(step=FunnelStep.PLACE, reason="of another tile")
        outline = scene.footprint
        if (
            self.area is None
            or outline is None
            or intersects_across_antimeridian(outline, self.area)
        ):
            return None
        return Refusal(step=FunnelStep.PLACE, reason="outside of the area")

    def _of_cover(self, scene: Scene) -> Refusal | None:
        limit, cover = self.max_cloud_cover, scene.cloud_cover
        if limit is None or cover is None or cover <= limit:
            return None
        return Refusal(step=FunnelStep.CLOUD_COVER, reason=f"cloud cover above {limit:g} %")

    def _of_level(self, scene: Scene) -> Refusal | None:
        if self.level is None or scene.kind == self.level:
            return None
        return Refusal(step=FunnelStep.LEVEL, reason=f"{_REFLECTANCE[scene.kind]}, not asked for")

    def of(self, found: SearchReport) -> SearchReport:
        """The selected scenes; the funnel tells where the others were excluded."""
        funnel = found.funnel if found.funnel.found else Funnel(found=len(found.scenes))
        kept: list[Scene] = []
        for scene in found.scenes:
            if refusal := self.refusal(scene):
                funnel = funnel.without(
                    refusal.step, [(scene.id, refusal.reason)], remedy=refusal.remedy
                )
            else:
                kept.append(scene)
        return replace(found, scenes=tuple(kept), funnel=funnel)


def one_level(found: SearchReport, prefer: Level = "toa") -> SearchReport:
    """Reduce each satellite's scenes to one level: the preferred one if available.

    The others are listed in the funnel and in `rejected`.
    """
    there = {(scene.satellite, scene.kind) for scene in found.scenes}
    kept = [
        scene
        for scene in found.scenes
        if scene.kind == prefer or (scene.satellite, prefer) not in there
    ]
    names = {scene.id for scene in kept}
    unwanted: Level = "surface" if prefer == "toa" else "toa"
    other = f"of another level than the rest ({_REFLECTANCE[unwanted]})"
    lost = [(scene.id, other) for scene in found.scenes if scene.id not in names]
    return SearchReport(
        scenes=tuple(kept),
        rejected=(*found.rejected, *lost),
        funnel=found.funnel.without(FunnelStep.LEVEL, lost),
    )


def parse_period(text: str | date | Sequence[str | date]) -> Period:
    """Parse `2018-04-01/2018-09-30`, a day, a month `2018-04`, a year, or a pair of these.

    `..` or nothing leaves one end open. Raises `ConfigError`.
    """
    if isinstance(text, str):
        parts: Sequence[str | date] = text.split("/")
    elif isinstance(text, date):
        parts = [text]
    else:
        parts = text
    if not 1 <= len(parts) <= 2:
        raise _no_period(text)
    first, last = (_span(parts[0]), _span(parts[-1]))
    period = Period(first=first[0], last=last[1])
    if period.first and period.last and period.last < period.first:
        raise ConfigError("ends before it begins", key="time", found=str(text))
    return period


def _span(text: str | date) -> tuple[date | None, date | None]:
    """First and last day of a day, month or year."""
    if isinstance(text, datetime):
        return text.date(), text.date()
    if isinstance(text, date):
        return text, text
    own = str(text).strip()
    if own in ("", ".."):
        return None, None
    try:
        if len(own) == 4:
            return date(int(own), 1, 1), date(int(own), 12, 31)
        if len(own) == 7:
            start = date.fromisoformat(f"{own}-01")
            following = (start + timedelta(days=31)).replace(day=1)
            return start, following - timedelta(days=1)
        day = datetime.fromisoformat(own).date()
    except ValueError as error:
        raise _no_period(text) from error
    return day, day


def _no_period(text: object) -> ConfigError:
    return ConfigError(
        "not a time range",
        key="time",
        found=str(text),
        remedy="2018-04-01/2018-09-30, 2018-04 or 2018",
    )


@dataclass(frozen=True, kw_only=True)
class Overpass:
    """Scenes a satellite acquired in sequence on one orbit: one date of a stack."""

    scenes: tuple[Scene, ...]
    """By time; where they overlap, the first one with data is used."""

    @property
    def id(self) -> str:
        """Ids of all scenes, joined."""
        return "+".join(scene.id for scene in self.scenes)

    @property
    def time(self) -> datetime:
        """Time of the first scene."""
        return self.scenes[0].time

    @property
    def cloud_cover(self) -> float | None:
        """Mean over the scenes that state one, per cent."""
        covers = [scene.cloud_cover for scene in self.scenes if scene.cloud_cover is not None]
        return sum(covers) / len(covers) if covers else None


def overpasses(scenes: Iterable[Scene]) -> tuple[Overpass, ...]:
    """Group scenes by satellite, level and orbit, minutes apart at most; sorted by time.

    L1TP and L1GT of neighbouring rows are one overpass, so that their overlap never counts twice.
    """
    groups: list[list[Scene]] = []
    latest: dict[tuple[str, Level], list[list[Scene]]] = {}
    for scene in sorted(scenes, key=lambda each: (each.time, each.id)):
        open_groups = latest.setdefault((scene.sensor, scene.kind), [])
        for group in reversed(open_groups):
            if _continues(group[-1], scene):
                group.append(scene)
                break
        else:
            groups.append([scene])
            open_groups.append(groups[-1])
            del open_groups[:-8]
    return tuple(
        Overpass(scenes=tuple(group))
        for group in sorted(groups, key=lambda group: (group[0].time, group[0].id))
    )


def _continues(before: Scene, scene: Scene) -> bool:
    if scene.time - before.time > _SAME_OVERPASS:
        return False
    if before.orbit is None or scene.orbit is None:
        return True
    return before.orbit == scene.orbit
