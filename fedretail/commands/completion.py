"""Print the script that lets a shell complete fedretail's commands and options."""

import click

from fedretail.commands import COMPLETION_VARIABLE, examples, output


@click.command(
    epilog=examples(
        'eval "$(fedretail completion bash)"',
        "fedretail completion zsh > ~/.zfunc/_fedretail",
        "fedretail completion fish > ~/.config/fish/completions/fedretail.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands and options."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, f"click knows no {shell}"
    completion = kind(ctx.find_root().command, {}, "fedretail", COMPLETION_VARIABLE)
    # Not completion.source(): it starts a bash only to ask for its version.
    output.print_line(completion.source_template % completion.source_vars())
