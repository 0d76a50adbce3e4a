"""`neurolov completion`: the script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(neurolov completion bash)"   in ~/.bashrc
    zsh:  eval "$(neurolov completion zsh)"    in ~/.zshrc
    fish: neurolov completion fish | source    in ~/.config/fish/config.fish
    """
    written = get_completion_class(shell)
    assert written is not None
    root = context.find_root()
    name = root.info_name or "neurolov"
    click.echo(written(root.command, {}, name, f"_{name.upper()}_COMPLETE").source())
