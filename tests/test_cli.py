"""The command line as a process: finding commands, errors, exit codes, what is imported."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

Run = Callable[..., subprocess.CompletedProcess[str]]

# Runs the real command line with one more folder of command files.
_WITH_COMMANDS = """
import signal, sys
# A shell lets what it runs in the background ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
import fedretail.commands
fedretail.commands.__path__.append({folder!r})
from fedretail.cli import main
sys.exit(main({arguments!r}))
"""

_COMMAND = '''
"""{first_line}"""
import click
from fedretail.commands import Invocation, output, pass_invocation
from fedretail.errors import *

@click.command()
@output.json_option
@pass_invocation
def command(invocation: Invocation, as_json: bool) -> None:
    """Do it."""
    {body}
'''


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return _python("-m", "fedretail", *arguments, **variables)


def _python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FEDRETAIL_", "_FEDRETAIL"))}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**kept, "PYTHONUTF8": "1", **variables},
        timeout=60,
        check=False,
    )


@pytest.fixture
def run_body(tmp_path: Path) -> Run:
    """Runs a command `deed` of the given body, in a process of its own."""

    def run_body(body: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        body = textwrap.indent(textwrap.dedent(body).strip(), "    ").strip()
        text = _COMMAND.format(first_line="Do a deed.", body=body)
        (tmp_path / "deed.py").write_text(text, encoding="utf-8")
        code = _WITH_COMMANDS.format(folder=str(tmp_path), arguments=["deed", *arguments])
        return _python("-c", code, **variables)

    return run_body


def test_without_arguments_it_explains_itself() -> None:
    done = run()
    assert done.returncode == 0
    assert "Usage: fedretail" in done.stdout
    assert "completion" in done.stdout
    # Whoever sees it first learns how to begin, also without a terminal.
    begin = done.stdout.partition("Begin:")[2]
    assert [line.split()[1] for line in begin.splitlines() if line] == ["serve", "init", "demo"]


def test_version() -> None:
    assert run("--version").stdout.startswith("fedretail 0.")


def test_listing_commands_imports_none(tmp_path: Path) -> None:
    (tmp_path / "broken_.py").write_text('"""Break at once."""\n1 / 0\n', encoding="utf-8")
    (tmp_path / "_helper.py").write_text("1 / 0\n", encoding="utf-8")
    code = _WITH_COMMANDS.format(folder=str(tmp_path), arguments=["--help"])
    done = _python("-c", code)
    assert done.returncode == 0
    assert "broken " in done.stdout
    assert "Break at once." in done.stdout
    assert "helper" not in done.stdout


def test_completing_names_imports_no_command() -> None:
    done = run(_FEDRETAIL_COMPLETE="bash_complete", COMP_WORDS="fedretail completi", COMP_CWORD="1")
    assert done.stdout == "plain,completion\n"


def test_completing_options_of_the_root() -> None:
    done = run(_FEDRETAIL_COMPLETE="bash_complete", COMP_WORDS="fedretail --da", COMP_CWORD="1")
    assert "--data-dir" in done.stdout


def test_an_option_of_the_root_behind_the_command_is_shown_its_place() -> None:
    done = run("completion", "--data-dir", "shop")
    assert done.returncode == 2
    assert "It stands before the command: `fedretail --data-dir …`." in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_FEDRETAIL_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("raised", "exit_code", "told"),
    [
        ("UsageError('No place.', hint='Add --at.')", 2, "✗ No place.\n  Add --at.\n"),
        ("MalformedInput('Row 7 is cut off.')", 1, "✗ Row 7 is cut off.\n"),
        ("PeerError('It lied.')", 1, "✗ It lied.\n"),
        ("Unavailable('The disk is full.')", 1, "✗ The disk is full.\n"),
        ("Refused('No.')", 1, "✗ No.\n"),
        (
            "OSError(28, 'No space left on device', 'x.db')",
            1,
            "✗ No space left on device: x.db.\n  Make room, then run the same command again.\n",
        ),
        ("ExceptionGroup('', [ValueError(), Refused('No.')])", 1, "✗ No.\n"),
        ("KeyboardInterrupt", 130, "! Stopped.\n"),
        ("KeyboardInterrupt('Stopped after 48 rows.')", 130, "! Stopped after 48 rows.\n"),
        ("BaseExceptionGroup('', [KeyboardInterrupt()])", 130, "! Stopped.\n"),
        (
            "click.UsageError('No such thing.')",
            2,
            "✗ No such thing.\n  See `fedretail deed --help`.\n",
        ),
        ("click.exceptions.Exit(1)", 1, ""),
        ("SystemExit(1)", 1, ""),
    ],
)
def test_errors_are_told_and_become_exit_codes(
    run_body: Run, raised: str, exit_code: int, told: str
) -> None:
    done = run_body(f"raise {raised}")
    assert (done.returncode, done.stderr, done.stdout) == (exit_code, told, "")


@pytest.mark.parametrize("raised", ["KeyError('x')", "BugError('Digest differs.')", "MemoryError"])
def test_our_own_faults_are_70_and_calm(run_body: Run, raised: str) -> None:
    done = run_body(f"raise {raised}")
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 3


def test_a_panic_of_an_extension_is_our_fault_too(run_body: Run) -> None:
    done = run_body("raise type('PanicException', (BaseException,), {})('index out of bounds')")
    assert done.returncode == 70


def test_debug_shows_where_it_came_from(tmp_path: Path) -> None:
    done = run("--debug", "--data-dir", str(tmp_path), "completion", "nosh")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_a_disk_error_of_sqlite_is_the_worlds(run_body: Run) -> None:
    raised = "error = sqlite3.OperationalError('as SQLite says it')\n"
    done = run_body(f"import sqlite3\n{raised}error.sqlite_errorname = 'SQLITE_FULL'\nraise error")
    assert done.returncode == 1
    assert "Free some space" in done.stderr


def test_a_wrong_query_is_our_fault(run_body: Run) -> None:
    done = run_body("import sqlite3\nraise sqlite3.OperationalError('no such table: x')")
    assert done.returncode == 70


@pytest.mark.parametrize(
    ("body", "exit_code"),
    [("raise Refused('No.', hint='Ask.')", 1), ("raise KeyboardInterrupt", 130), ("1 / 0", 70)],
)
def test_json_stands_on_stdout_whatever_the_exit_code(
    run_body: Run, body: str, exit_code: int
) -> None:
    done = run_body(body, "--json")
    assert done.returncode == exit_code
    error = json.loads(done.stdout)["error"]
    assert set(error) == {"message", "hint"}
    assert error["message"]


def test_json_stands_on_stdout_when_the_options_are_wrong() -> None:
    done = run("serch", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"].startswith("There is no command 'serch'.")


def test_json_after_a_double_dash_is_a_word() -> None:
    assert run("serch", "--", "--json").stdout == ""


def test_a_command_that_printed_its_object_prints_no_second(run_body: Run) -> None:
    done = run_body("output.print_json({'results': []})\nraise Refused('Nothing.')", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"results": []}


def test_a_reader_that_leaves_is_no_error(run_body: Run) -> None:
    done = run_body(
        """
        import os, sys
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, 1)
        for _ in range(10_000):
            output.print_line("milk")
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_unknown_commands_are_answered_with_the_nearest() -> None:
    done = run("complete")
    assert done.returncode == 2
    assert "Did you mean 'completion'?" in done.stderr


@pytest.mark.parametrize("option", ["--data-dir", "FEDRETAIL_DATA_DIR"])
def test_the_data_folder_comes_from_option_or_variable(tmp_path: Path, option: str) -> None:
    show = '"""Show."""\nimport click\nfrom fedretail.commands import pass_invocation\n'
    show += "command = click.command()(pass_invocation(lambda it: print(it.data_dir)))\n"
    (tmp_path / "where.py").write_text(show, encoding="utf-8")
    chosen = str(tmp_path / "shop")
    as_option = option.startswith("--")
    arguments = ["--data-dir", chosen, "where"] if as_option else ["where"]
    code = _WITH_COMMANDS.format(folder=str(tmp_path), arguments=arguments)
    done = _python("-c", code, **({} if as_option else {"FEDRETAIL_DATA_DIR": chosen}))
    assert done.stdout.strip() == chosen


def test_a_bad_settings_file_is_told(run_body: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("few_bellow = 3", encoding="utf-8")
    done = run_body(
        "from fedretail.config import load; load(invocation.data_dir)",
        FEDRETAIL_DATA_DIR=str(tmp_path),
    )
    assert done.returncode == 1
    assert "Did you mean 'few_below'?" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_a_command_with_130(tmp_path: Path) -> None:
    body = 'output.print_line("ready")\n    import sys, signal; sys.stdout.flush(); signal.pause()'
    text = _COMMAND.format(first_line="Wait.", body=body)
    (tmp_path / "wait.py").write_text(text, encoding="utf-8")
    code = _WITH_COMMANDS.format(folder=str(tmp_path), arguments=["wait"])
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "! Stopped.\n")
