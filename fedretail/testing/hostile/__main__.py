"""`python -m fedretail.testing.hostile`: frames, daemon, kills."""

import argparse
import secrets
import sys
from collections.abc import Sequence

from fedretail.testing.hostile import runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 where something has given way."""
    options = _parser().parse_args(arguments)
    seed = secrets.randbelow(1 << 32) if options.seed is None else options.seed
    if options.what == "daemon":
        return runner.besiege(is_short=options.short)
    if options.what == "kills":
        return runner.kill(options.rounds, seed)
    return runner.bombard(options.frames, seed, first=options.round, jobs=options.jobs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fedretail.testing.hostile")
    kinds = parser.add_subparsers(required=True, dest="what")
    frames = kinds.add_parser("frames", help="mutated frames against a live session")
    frames.add_argument("--frames", type=int, default=1_000_000)
    frames.add_argument("--round", type=int, default=0, help="where to begin or to go on")
    frames.add_argument("--jobs", type=int, default=1, help="processes at once")
    daemon = kinds.add_parser("daemon", help="attacks on a running daemon; on Linux")
    daemon.add_argument("--short", action="store_true", help="fewer of each")
    kills = kinds.add_parser("kills", help="a daemon under load, killed at random moments")
    kills.add_argument("--rounds", type=int, default=200)
    for one in (frames, daemon, kills):
        one.add_argument("--seed", type=int, help="drawn, and told, where there is none")
    return parser


if __name__ == "__main__":
    sys.exit(main())
