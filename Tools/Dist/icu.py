"""ICU's data without languages and charsets that are not used: icu.py OUTPUT.o.

Swift's Foundation brings ICU, and with it 34 MB of what a command that speaks English never asks for: names of months, currencies and
cities in 600 languages, their collations and dictionaries, charsets older than Unicode. This takes the data out of Swift's static
library, leaves what belongs to no language, and the root's and English, and makes an object of it, which the linker takes before the
library's own. What is asked for in another language comes as the root has it, as ICU does for languages that it does not know.
"""
import re, struct, subprocess, sys, tempfile
from pathlib import Path

KEPT_LANGUAGES = {"root", "en", "en_US", "en_US_POSIX", "en_001", "pool", "res_index", "ucadata"}


def is_kept(name):
    """Whether an item, PACKAGE/[TREE/]NAME.KIND, stays."""
    *_, tree, file = ("", *name.split("/")[1:])
    stem, _, kind = file.rpartition(".")
    if kind in {"cnv", "dict"} or tree in {"translit", "rbnf"}:
        return False
    if kind != "res":
        return True
    # Of languages: two or three small letters, maybe a script or a region. Others, such as metaZones, are of none.
    return stem in KEPT_LANGUAGES or not tree and not re.fullmatch(r"[a-z]{2,3}(_\w+)?", stem)


def trimmed(data):
    """A common data package (ICU's ucmndata.h): a header, the count, offsets of names and items from there, names, items."""
    (start,) = struct.unpack_from("<H", data)
    if data[2:4] != b"\xda\x27" or data[12:16] != b"CmnD":
        sys.exit("icu: no package of data of ICU's as this knows it")
    (count,) = struct.unpack_from("<I", data, start)
    entries = [struct.unpack_from("<II", data, start + 4 + 8 * i) for i in range(count)]
    ends = [offset for _, offset in entries[1:]] + [len(data) - start]
    kept = []
    for (name, offset), end in zip(entries, ends):
        name = data[start + name:data.index(b"\0", start + name)]
        if is_kept(name.decode()):
            kept.append((name + b"\0", data[start + offset:start + end]))
    names = b"".join(name for name, _ in kept)
    at_name = 4 + 8 * len(kept)
    at_item = -(-(at_name + len(names)) // 16) * 16
    table, items = struct.pack("<I", len(kept)), b""
    for name, item in kept:
        table += struct.pack("<II", at_name, at_item + len(items))
        at_name += len(name)
        items += item + b"\xaa" * (-len(item) % 16)
    body = table + names
    return data[:start] + body + b"\xaa" * (at_item - len(body)) + items


def main():
    output = Path(sys.argv[1]).resolve()
    swift = Path(subprocess.run(["which", "swiftc"], check=True, capture_output=True, text=True).stdout.strip()).resolve()
    library = swift.parents[1] / "lib/swift_static/linux/lib_FoundationICU.a"
    with tempfile.TemporaryDirectory() as place:
        def run(*command):
            return subprocess.run(command, check=True, capture_output=True, text=True, cwd=place).stdout
        run("ar", "x", library, "icu_packaged_data.cpp.o")
        symbol = re.search(r" R (icudt\d+_dat)", run("nm", "icu_packaged_data.cpp.o"))[1]
        run("objcopy", "-O", "binary", "--only-section=.rodata", "icu_packaged_data.cpp.o", "whole")
        whole = Path(place, "whole").read_bytes()
        part = trimmed(whole)
        Path(place, "part").write_bytes(part)
        Path(place, "part.s").write_text(
            f'.section .rodata\n.balign 16\n.globl {symbol}\n.type {symbol}, @object\n{symbol}:\n.incbin "part"\n'
            f'.size {symbol}, . - {symbol}\n.section .note.GNU-stack,"",@progbits\n')
        run("as", "part.s", "-o", output)
    print(f"icu: {len(part) / 1e6:.1f} of {len(whole) / 1e6:.1f} MB of data stay")


main()
