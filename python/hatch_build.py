"""Puts the program into the wheel: the tree that SURPRISAL_DIST names, as `make dist` builds it."""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Program(BuildHookInterface[Any]):
    """The wheel is of no Python in particular, and of one platform."""

    def initialize(self, version: str, build_data: "dict[str, Any]") -> None:
        """Names the files to be taken; an editable install has the sources alone."""
        if version == "editable":
            return
        tree = Path(os.environ["SURPRISAL_DIST"])
        build_data["pure_python"] = False
        # What it may be called in the end, auditwheel finds.
        build_data["tag"] = "py3-none-linux_x86_64"
        for part in ["bin", "lib", "share/surprisal", "share/doc"]:
            if (tree / part).is_dir():
                build_data["force_include"][str(tree / part)] = f"surprisal/tool/{part}"
