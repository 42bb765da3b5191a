"""From samples and a picture to a model."""

from automap_tiles.commands.train.recipes import Offer, RecipeWish, make_recipe, read_recipe
from automap_tiles.commands.train.results import explain, report_of, summary
from automap_tiles.commands.train.run import Listeners, Order, Outcome, run

__all__ = [
    "Listeners",
    "Offer",
    "Order",
    "Outcome",
    "RecipeWish",
    "explain",
    "make_recipe",
    "read_recipe",
    "report_of",
    "run",
    "summary",
]
