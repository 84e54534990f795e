"""Files of a corpus that lie on this machine already."""

import os
from pathlib import Path


def find_data_file(corpus: str, file_name: str) -> Path | None:
    """Looks for `$S2S_DATA_DIR/CORPUS/FILE_NAME`.

    Files found there are taken as they are, compressed again or not: no checksum is compared.

    Returns:
        The file's path, or None if the variable is not set or the file is not there.
    """
    folder = os.environ.get("S2S_DATA_DIR")
    if not folder:
        return None
    path = Path(folder).expanduser() / corpus / file_name
    return path if path.is_file() else None
