"""Khronos' validator of glTF (npm: gltf-validator), where somebody has installed it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

_VALIDATE = """
const validator = require(process.argv[1]);
const bytes = new Uint8Array(require("fs").readFileSync(process.argv[2]));
validator.validateBytes(bytes).then((report) => console.log(JSON.stringify(report)));
"""


def khronos_validator() -> Path | None:
    """Its folder: MONOMOCAP_GLTF_VALIDATOR, or in node_modules; None without it or without node."""
    named = os.environ.get("MONOMOCAP_GLTF_VALIDATOR")
    folder = Path(named) if named else Path("node_modules/gltf-validator").resolve()
    return folder if shutil.which("node") and (folder / "package.json").is_file() else None


def khronos_issues(folder: Path, path: Path) -> dict[str, Any]:
    """What it has against a file: numErrors, numWarnings, messages."""
    command = ["node", "-e", _VALIDATE, str(folder), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    issues: dict[str, Any] = json.loads(done.stdout)["issues"]
    return issues
