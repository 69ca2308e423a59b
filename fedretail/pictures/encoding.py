"""The small files of a picture, made by a child process that may fail in any way."""

import logging
import subprocess
import sys
from functools import partial

import trio

from fedretail.domain.pictures import MAX_CARD_BYTES, MAX_PAGE_BYTES, parse_webp
from fedretail.domain.reasons import NotRead, Reason
from fedretail.errors import Unavailable
from fedretail.pictures.encoder import BAD

log = logging.getLogger(__name__)

# Half a second is usual; an old computer under load takes ten times that.
ENCODE_S = 60.0
_MODULE = "fedretail.pictures.encoder"
_LIMITS = (MAX_CARD_BYTES, MAX_PAGE_BYTES)


async def encoded(data: bytes) -> list[bytes]:
    """The WebP files of a picture, the card first.

    MalformedInput where the bytes are no picture, or none that can be read within bounds;
    Unavailable where no process can be started, or none that knows pictures.
    """
    command = [sys.executable, "-P", "-m", _MODULE]
    run = partial(trio.run_process, command, stdin=data, capture_stdout=True, capture_stderr=True)
    try:
        with trio.fail_after(ENCODE_S):
            done: subprocess.CompletedProcess[bytes] = await run(check=False)
    except trio.TooSlowError:
        raise NotRead(Reason("picture_heavy")) from None
    except OSError as error:
        raise Unavailable(f"No picture can be made small: {error.strerror}.") from None
    if done.returncode == 0:
        return _files(done.stdout)
    if b"ModuleNotFoundError" in done.stderr:
        hint = "Install it: `pip install pillow`."
        raise Unavailable("Pillow, which makes pictures small, is not installed.", hint=hint)
    if done.returncode != BAD:
        log.warning("A picture has ended its process: %s", done.returncode)
    raise NotRead(Reason("picture_unread"))


def _files(out: bytes) -> list[bytes]:
    """What the child has written, looked at as what a stranger sends."""
    files: list[bytes] = []
    for most in _LIMITS:
        size = int.from_bytes(out[:4], "big")
        file, out = out[4 : 4 + size], out[4 + size :]
        if not 0 < size <= most:
            raise NotRead(Reason("picture_unshown"))
        parse_webp(file)
        files.append(file)
    return files
