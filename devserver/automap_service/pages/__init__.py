"""Pages for people; all but the maps work without scripts."""

from automap_service.pages import account, admin, files, help, launch, launcher, views  # noqa: A004, F401
from automap_service.pages.blueprint import blueprint
from automap_service.pages.render import problem_page
from automap_service.web.html import Html

HTML = Html(
    home=views.home,
    orders=views.orders,
    dashboard=views.dashboard,
    files=files.files,
    problem=problem_page,
)
"""Pages at addresses of the API."""

__all__ = ["HTML", "blueprint"]
