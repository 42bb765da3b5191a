"""Pages for people; all but the maps work without scripts."""

from automap_service.pages import _account, _admin, _files, _help, _launch, _launcher, _views  # noqa: F401
from automap_service.pages._blueprint import blueprint
from automap_service.pages._render import problem_page
from automap_service.web.html import Html

HTML = Html(
    home=_views.home,
    orders=_views.orders,
    dashboard=_views.dashboard,
    files=_files.files,
    problem=problem_page,
)
"""Pages at addresses of the API."""

__all__ = ["HTML", "blueprint"]
