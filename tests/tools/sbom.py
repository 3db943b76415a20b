"""sbom.py CRATES.cdx.json PACKAGE-LOCK.json OUT: the bill of the crates, with the npm packages that
are embedded beside them, as one. Standard input holds what `cargo tree` says is linked; it is
checked that nothing of it is missing."""

import base64
import json
import os
import sys


def main(crates_file, lock_file, out):
    with open(crates_file, encoding="utf-8") as file:
        # Where this machine keeps the sources is nobody's business.
        bill = json.loads(file.read().replace("path+file://" + os.getcwd(), "path+file://."))
    program = bill["metadata"]["component"]["bom-ref"]
    with open(lock_file, encoding="utf-8") as file:
        packages = [package(*entry) for entry in json.load(file)["packages"].items() if entry[0]]
    bill["components"] += packages
    refs = [package["bom-ref"] for package in packages]
    bill["dependencies"] += [{"ref": ref} for ref in refs]
    for entry in bill["dependencies"]:
        if entry["ref"] == program:
            entry.setdefault("dependsOn", []).extend(refs)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(bill, file, indent=1)
        file.write("\n")
    check(out, sys.stdin.read())


def package(path, entry):
    """A component of what the lock file says of a package."""
    name = path.split("node_modules/")[-1]
    purl = "pkg:npm/%s@%s" % (name.replace("@", "%40"), entry["version"])
    algorithm, digest = entry["integrity"].split("-", 1)
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": entry["version"],
        "scope": "required",
        "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}],
        "licenses": [{"expression": entry["license"]}],
        "purl": purl,
    }


def check(out, tree):
    """That what was written is read again, and holds every crate that is linked."""
    with open(out, encoding="utf-8") as file:
        bill = json.load(file)
    program = bill["metadata"]["component"]
    listed = {(part["name"], part["version"]) for part in bill["components"] + [program]}
    linked = {(name, version[1:]) for name, version in (line.split()[:2] for line in tree.splitlines() if line)}
    missing = sorted(linked - listed)
    faults = ["%s %s is linked and not listed" % crate for crate in missing]
    if bill["bomFormat"] != "CycloneDX":
        faults.append("it is no CycloneDX file")
    if program["name"] != "oversight" or len(linked) < 100:
        faults.append("it is not about the oversight program, or cargo did not tell what is linked")
    if not any(part["purl"].startswith("pkg:npm/") for part in bill["components"]):
        faults.append("the embedded npm packages are not in it")
    if faults:
        sys.exit("!! %s: %s" % (out, "; ".join(faults)))
    print("== %s: %d components, %d crates linked" % (out, len(bill["components"]), len(linked)), file=sys.stderr)


main(*sys.argv[1:])
