#!/usr/bin/env bash
# vot-toolkit 0.9.0 beside attributee 0.1.10, both what pip chose by itself in November 2026; Python 3.11 and later.
#
# Expected: pip install vot-toolkit gives a toolkit that runs.
# Seen: import vot ends in TypeError "dataclass_transform() takes 0 positional arguments but 1 was given". attributee
# 0.1.10 puts the standard library's dataclass_transform on a class without calling it, and vot-toolkit asks for attributee
# without an upper bound. With attributee 0.1.8 the same toolkit imports.
#
# Fails where this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "needs Python 3.11 or later"; exit 1; }
pip="venv/bin/pip install --quiet --disable-pip-version-check"
$pip 'vot-toolkit==0.9.0' 'attributee==0.1.10'
if venv/bin/python -c 'import vot' 2> told; then
  echo "import vot works with attributee 0.1.10"
  exit 1
fi
tail -n 1 told
grep -q 'dataclass_transform() takes 0 positional arguments but 1 was given' told
$pip 'attributee==0.1.8'
venv/bin/python -c 'import vot; print("with attributee 0.1.8 vot imports, version", vot.__version__ if hasattr(vot, "__version__") else vot.toolkit_version())'
