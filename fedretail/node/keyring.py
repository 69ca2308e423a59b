"""The file `keys`: the seeds of the member's root key and of this device, and nothing else.

It lies beside the store and not in it, so that copying the store copies no key; mode 600.
JSON: {"version": 1, "root_seed": 64 hex digits | null, "device_seed": 64 hex digits,
"backed_up": bool}. A reader has no root key.
"""

import contextlib
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from fedretail.crdt.keys import SEED_BYTES, SigningKey
from fedretail.errors import MalformedInput, Refused, Unavailable

FILE_NAME = "keys"
_VERSION = 1
# Windows alone would write line ends of its own.
_BINARY = getattr(os, "O_BINARY", 0)
_LOST = "Put the copy that `fedretail keys backup` made in its place."


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one node."""

    root: SigningKey | None
    device: SigningKey
    device_seed: bytes
    root_seed: bytes | None
    backed_up: bool = False

    @classmethod
    def new(cls, *, is_reader: bool) -> Self:
        """Fresh keys from the operating system's randomness."""
        root_seed = None if is_reader else secrets.token_bytes(SEED_BYTES)
        return cls.of(root_seed, secrets.token_bytes(SEED_BYTES))

    @classmethod
    def of(cls, root_seed: bytes | None, device_seed: bytes, *, backed_up: bool = False) -> Self:
        """The keys of these 32-byte seeds."""
        root = None if root_seed is None else SigningKey.from_seed(root_seed)
        return cls(root, SigningKey.from_seed(device_seed), device_seed, root_seed, backed_up)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys in a file; Unavailable: it is missing, MalformedInput: it is broken."""
        try:
            value = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise Unavailable(
                f"The keys of this computer are missing: {path}.", hint=_LOST
            ) from None
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}.", hint=_LOST) from None
        except (ValueError, RecursionError):
            raise MalformedInput(f"{path} is damaged.", hint=_LOST) from None
        match value:
            case {"version": 1, "root_seed": root, "device_seed": str(device)}:
                return cls.of(
                    _seed(root, path),
                    _seed(device, path) or b"",
                    backed_up=bool(value.get("backed_up")),
                )
        raise MalformedInput(f"{path} holds no keys that this version knows.", hint=_LOST)

    def save(self, path: Path, *, is_new: bool = False) -> None:
        """Write the file, for its owner alone; Refused where a new one would replace another."""
        content: dict[str, Any] = {
            "version": _VERSION,
            "root_seed": None if self.root_seed is None else self.root_seed.hex(),
            "device_seed": self.device_seed.hex(),
            "backed_up": self.backed_up,
        }
        target = path if is_new else path.with_name(path.name + ".new")
        _write_private(target, json.dumps(content, indent=1) + "\n", exclusive=is_new)
        if not is_new:
            target.replace(path)

    def backup(self, path: Path, target: Path) -> None:
        """Copy the keys to `target` and remember that there is a copy.

        Refused where something is there already.
        """
        done = replace(self, backed_up=True)
        done.save(target, is_new=True)
        if Keyring.load(target).device_seed != self.device_seed:
            raise Unavailable(f"{target} was not written as it should.", hint="Try another disk.")
        # A copy saved from a disk that can no longer be written is a copy all the same.
        with contextlib.suppress(Unavailable):
            done.save(path)


def _seed(text: object, path: Path) -> bytes | None:
    if text is None:
        return None
    try:
        seed = bytes.fromhex(str(text))
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise MalformedInput(f"{path} is damaged.", hint=_LOST)
    return seed


def _write_private(path: Path, text: str, *, exclusive: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | _BINARY | (os.O_EXCL if exclusive else os.O_TRUNC)
    try:
        descriptor = os.open(path, flags, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            # Half a file of keys would look like keys to the next try.
            path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        hint = "Give another name, or remove it first if you are sure."
        raise Refused(f"{path} is there already.", hint=hint) from None
    except OSError as error:
        hint = "Check the folder, and that the disk is neither full nor write-protected."
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", hint=hint) from None
