"""Write docs/protocol/vectors/transcript.json anew: `.venv/bin/python tools/transcript.py`."""

import json
import tempfile
from pathlib import Path

from fedretail.testing import transcripts

TARGET = Path(__file__).parents[1] / "docs" / "protocol" / "vectors" / "transcript.json"


def main() -> None:
    """Record, and write."""
    with tempfile.TemporaryDirectory() as folder:
        content = transcripts.record(Path(folder))
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
