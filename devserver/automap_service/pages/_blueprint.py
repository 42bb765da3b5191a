"""What the pages are registered at."""

from flask import Blueprint

blueprint = Blueprint("pages", __name__)
