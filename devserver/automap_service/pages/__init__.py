"""Pages for people; all but the maps work without scripts."""

from automap_service.pages import account, admin, files, help, launch, views  # noqa: A004, F401
from automap_service.pages.blueprint import blueprint

__all__ = ["blueprint"]
