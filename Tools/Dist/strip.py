"""Strips a program, and blanks what Swift's compiler leaves in it to tell one build from another: strip.py PROGRAM. The section is not removed,
since then the linker's protection of relocated data (GNU_RELRO) goes with it."""
import re, subprocess, sys

subprocess.run(["strip", "--strip-all", "--remove-section=.comment", sys.argv[1]], check=True)
sections = subprocess.run(["readelf", "-SW", sys.argv[1]], check=True, capture_output=True, text=True).stdout
found = re.search(r"\.swift_modhash\s+\w+\s+\w+\s+(\w+)\s+(\w+)", sections)
if found:
    offset, size = (int(value, 16) for value in found.groups())
    with open(sys.argv[1], "r+b") as file:
        file.seek(offset)
        file.write(bytes(size))
