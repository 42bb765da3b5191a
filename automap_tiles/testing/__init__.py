"""Suites of tests for authors of plug-ins: what everything of a kind promises.

A class of tests is inherited in a test module of one's own, and pytest runs it::

    from automap_tiles.testing import MissionContract

    class TestDove(MissionContract):
        mission = MISSION
"""

from automap_tiles.testing.mission import MissionContract

__all__ = ["MissionContract"]
