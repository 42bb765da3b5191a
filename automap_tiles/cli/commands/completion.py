"""`automap completion`."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print what lets a shell complete commands, options and choices with TAB.

    \b
    bash:  automap completion bash > ~/.local/share/bash-completion/completions/automap
    zsh:   automap completion zsh > ~/.zfunc/_automap   (with ~/.zfunc in fpath)
    fish:  automap completion fish > ~/.config/fish/completions/automap.fish
    """  # noqa: D301 (click's mark is the control character, not a backslash)
    from click.shell_completion import get_completion_class

    from automap_tiles.cli.main import automap

    kind = get_completion_class(shell)
    assert kind is not None  # click has all of the choices
    click.echo(kind(automap, {}, "automap", "_AUTOMAP_COMPLETE").source())
