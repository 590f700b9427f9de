#!/usr/bin/env bash
# vot-toolkit 0.9.0 (attributee 0.1.8, numpy 2.4.6): a mask one pixel wide does not outlive being written and read.
#
# Expected: VOT's text of a mask is its window (x, y, width, height) and run lengths, zeros first; what the toolkit writes
# it reads back as the same region.
# Seen: of four pixels in a column, read from a window that begins before them, the toolkit writes the tight window, and
# reads that as a mask of no pixels, with overlap 0 to the first. So is every window whose first column alone is set: the
# toolkit takes bounds whose right end is 0 for those of no pixel at all. A thin target scores 0 without a word.
#
# Fails where this is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'vot-toolkit==0.9.0' 'attributee==0.1.8' 'numpy==2.4.6'
cat > seen.py <<'PYTHON'
from vot.region import calculate_overlap
from vot.region.io import parse_region


def text(x, columns, first):
    """Four rows of which one column, `first`, is set."""
    runs, rest = [first, 1], columns - 1
    for _ in range(3):
        runs += [rest, 1]
    return f"m{x},6,{columns},4,{','.join(map(str, runs))}"


before, wide = parse_region(text(4, 3, 1)), parse_region(text(5, 3, 0))
again = parse_region(str(before))
found = {
    "window of 3 that begins before the column": before,
    f"the toolkit's own text of it, {before}": again,
    "window of 3 that begins with the column": wide,
}
seen = {name: (int(mask.mask.sum()), calculate_overlap(mask, before)) for name, mask in found.items()}
for name, (pixels, overlap) in seen.items():
    print(f"{name}: {pixels} pixels, overlap {overlap}")
assert list(seen.values()) == [(4, 1.0), (0, 0.0), (0, 0.0)]
PYTHON
venv/bin/python seen.py
