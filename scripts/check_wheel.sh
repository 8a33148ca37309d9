#!/usr/bin/env bash
# The built wheel, alone in an empty environment and without a network, runs the demo.
# usage: scripts/check_wheel.sh [PYTHON]      PIP_ARGS: more words for pip install
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-$root/.venv/bin/python}
case $python in */*) python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python") ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --wheel --outdir "$work/dist" "$root" >"$work/build.log" 2>&1 ||
  { tail -n 20 "$work/build.log"; exit 1; }
wheel=$(ls "$work"/dist/*.whl)
version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
"$python" -m venv "$work/venv"
# shellcheck disable=SC2086
"$work/venv/bin/python" -m pip --disable-pip-version-check install --quiet ${PIP_ARGS:-} \
  -c "$root/constraints/py$version.txt" "$wheel"

cd "$work"
if venv/bin/python -c 'import torch' 2>/dev/null; then
  echo "torch came with the base install; it must not"
  exit 1
fi
offline=()
if unshare --map-root-user --net true 2>/dev/null; then
  offline=(unshare --map-root-user --net)
  echo "network: off"
else
  export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
  echo "network: this system forbids to switch it off; proxies lead nowhere"
fi
"${offline[@]}" env -i PATH=/usr/bin:/bin HOME="$work/home" venv/bin/monomocap demo -o demo --quiet
for file in sample.mp4 take.json take.npz take.mp4; do
  test -s "demo/$file" || { echo "the demo left no $file"; exit 1; }
done
echo "wheel: $(du -h "$wheel" | cut -f1)   environment: $(du -sh venv | cut -f1)   fine"
