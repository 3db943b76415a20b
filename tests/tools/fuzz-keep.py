"""fuzz-keep.py REACHED FOLDER: fills a folder anew with the few inputs that reach the most between
them. REACHED is the control file of a merge by libFuzzer, which says of each input what it reaches.
Inputs that a person has named stay as they are."""

import hashlib
import os
import re
import sys

INPUTS_MAX = 48
# So that a person can look at what is kept.
BYTES_MAX = 1000
# The name of an input that was found, not written.
MADE = re.compile("[0-9a-f]{16}")


def read(control):
    """What each input reaches, by its path."""
    with open(control, encoding="utf-8", errors="surrogateescape") as file:
        lines = file.read().splitlines()
    count = int(lines[0])
    paths, reached = lines[2 : 2 + count], {}
    for line in lines[2 + count :]:
        kind, number, *features = line.split()
        if kind == "FT":
            reached[paths[int(number)]] = set(features)
    return reached


def main(control, folder):
    reached = read(control)
    # These are inputs of every run anyway: what is named here, and the samples of events.
    named = {os.path.join(folder, name) for name in os.listdir(folder) if not MADE.fullmatch(name)}
    always = [path for path in reached if path in named or path.endswith(".json")]
    known = set().union(*(reached[path] for path in always))
    small = {path: features for path, features in reached.items() if os.path.getsize(path) <= BYTES_MAX}
    kept = []
    while len(kept) < INPUTS_MAX:
        best = max(small, key=lambda path: (len(small[path] - known), -os.path.getsize(path), path))
        if not small[best] - known:
            break
        known |= small[best]
        with open(best, "rb") as file:
            kept.append(file.read())
    if not kept:
        sys.exit("!! nothing is known of any input")
    for name in filter(MADE.fullmatch, os.listdir(folder)):
        os.remove(os.path.join(folder, name))
    for content in kept:
        with open(os.path.join(folder, hashlib.sha1(content).hexdigest()[:16]), "wb") as file:
            file.write(content)
    everything = set().union(*reached.values())
    print(
        "== %s: %d inputs, %d bytes, reach %d of %d"
        % (os.path.basename(folder), len(kept), sum(map(len, kept)), len(known), len(everything)),
        file=sys.stderr,
    )


main(*sys.argv[1:])
