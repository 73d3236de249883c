"""The report as a person uses it, in headless Chromium: sorted, filtered, marked, saved; names that are markup, quotes, line
breaks or no text; no word on the console, nothing asked of a network, no fault that axe finds.

    python3 Tests/Pages/report.py .build/release/surprisal [--pictures FOLDER]

`make check-pages` installs what it needs and runs it.
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from chromium import Browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTILE = [
    b"<script>document.title='taken'<.png", b"\"quoted\" & 'so'.png", b"line\nbreak.png", b"return\rhere.png", b"tab\there.png",
    b"back\\slash.png", "שלום\u202egpj.png".encode(), b"no\xf1text.png", b"</td><img src=x onerror=alert(1)>.png".replace(b"/", b"_"),
    b"&amp;.png", b" leading and trailing .png", "é\u0301😀.png".encode(), b"{{path}} {{{path}}}.png",
]
failures = []


def check(holds, words):
    print(("ok    " if holds else "FAIL  ") + words, flush=True)
    if not holds:
        failures.append(words)


def axe_source():
    import axe_playwright_python

    return (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def folder(at):
    """Clothes, and among them what is none under hostile names; broken files; a copy."""
    at = os.fsencode(at)
    for source in sorted((ROOT / "fixtures" / "clothes").glob("*.*")):
        os.makedirs(at + b"/clothes", exist_ok=True)
        shutil.copy(source, at + b"/clothes/" + source.name.encode())
    others = sorted((ROOT / "fixtures" / "other").glob("*.png"))
    for index, name in enumerate(HOSTILE):
        shutil.copy(others[index % len(others)], at + b"/" + name)
    with open(at + b"/broken <b>.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\nno more")
    shutil.copy(ROOT / "fixtures" / "clothes" / "00.png", at + b"/copy.png")


def run(program, *arguments, code=0, cwd=None):
    done = subprocess.run([program, *arguments], capture_output=True, cwd=cwd, env={**os.environ, "SURPRISAL_MODELS": str(ROOT / "models")})
    check(done.returncode == code, f"{' '.join(map(str, arguments))[:80]}: exit code {done.returncode}, wanted {code}")
    return done


def shown(page):
    return page.evaluate("[...document.querySelectorAll('[data-path]')].filter(e => !e.hidden).map(e => e.dataset.path)")


def choose(page, control, value):
    page.evaluate(f"(() => {{ const e = document.getElementById({control!r}); e.value = {value!r}; e.dispatchEvent(new Event(e.tagName === 'INPUT' ? 'input' : 'change', {{bubbles: true}})) }})()")


def saved(page, button, folder, name):
    check(page.evaluate(f"!document.getElementById({button!r}).disabled"), f"{button} can be pressed")
    page.evaluate(f"document.getElementById({button!r}).click()")
    file = pathlib.Path(folder, name)
    for _ in range(200):
        if file.exists():
            return file.read_bytes()
        time.sleep(0.05)
    check(False, f"{name} was saved")
    return b""


def accessible(page, words):
    page.evaluate(axe_source() + "; 0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')))")
    check(found == [], f"{words}: axe finds {found}")


def use(program, page, report, work, pictures):
    items = len(shown(page))
    files = sum(len(names) for _, _, names in os.walk(os.fsencode(work) + b"/images"))
    check(items == files, f"{items} images on the page of {files} files")
    check(page.evaluate("document.title").startswith("Surprisal: "), "no name became markup")
    paths = shown(page)
    check(any("<script>" in path for path in paths), "a name that is markup stands there as it is")

    choose(page, "sort", "name")
    for name in ["flagged", "ordinary"]:
        order = page.evaluate(f"[...document.querySelectorAll('#{name} > *')].map(e => e.dataset.path)")
        check(order == sorted(order, key=lambda p: p.encode("utf-16-be")), f"{name}: sorted by name")
    choose(page, "sort", "rank")
    ranks = page.evaluate("[...document.querySelectorAll('#flagged > *')].map(e => Number(e.dataset.rank))")
    check(ranks == sorted(ranks) and len(ranks) > 2, f"{len(ranks)} flagged, sorted by oddness again")

    choose(page, "name", "CLOTHES/0")
    check(shown(page) and all("clothes/0" in path for path in shown(page)), f"filtered by name: {len(shown(page))}")
    choose(page, "name", "")
    for control in ["reason", "folder"]:
        options = page.evaluate(f"[...document.getElementById({control!r}).options].slice(1).map(o => [o.value, o.text])")
        for value, text in options:
            choose(page, control, value)
            count = int(text.rsplit("(", 1)[1].rstrip(")"))
            check(len(shown(page)) == count, f"{control} {text!r}: {len(shown(page))} shown")
        choose(page, control, "")
    check(len(shown(page)) == items, "all shown again")

    for key in ["j", "j", "k"]:
        page.key(key)
    first = page.evaluate("document.activeElement.dataset.path")
    check(first == page.evaluate("document.querySelector('#flagged > *').dataset.path"), "j, j, k: at the first")
    page.key("f")
    page.key("j")
    page.key("r")
    page.key("j")
    page.key("r")
    page.key("u")
    marks = page.evaluate("[...document.querySelectorAll('[data-mark]')].map(e => e.dataset.mark)")
    check(marks == ["fine", "remove"], f"marked by keys: {marks}")
    page.key("/")
    for key in "jfr":
        page.key(key)
    check(page.evaluate("document.getElementById('name').value") == "jfr", "letters typed into the name are no keys")
    page.key("Escape")
    choose(page, "name", "")
    # All the rest of the flagged, by the buttons: one half fine, the other to remove.
    page.evaluate("[...document.querySelectorAll('#flagged > *')].slice(2).forEach((e, i) => e.querySelector(i % 2 ? '.fine' : '.remove').click())")
    check(page.evaluate("[...document.querySelectorAll('[aria-pressed=true]')].length") == len(ranks), "every flagged image is marked, and its button says so")
    choose(page, "marked", "fine")
    check(all(m == "fine" for m in page.evaluate("[...document.querySelectorAll('[data-path]')].filter(e => !e.hidden).map(e => e.dataset.mark)")), "filtered by mark")
    choose(page, "marked", "")
    page.key("m")
    check(page.evaluate("document.body.classList.contains('maps')"), "m shows the maps")
    page.key("m")

    page.downloads(work)
    baseline = saved(page, "accept", work, "accepted.txt")
    removed = saved(page, "list0", work, "remove.nul")
    lines = saved(page, "list", work, "remove.txt")
    kinds = page.evaluate("[...document.querySelectorAll('#flagged > *')].map(e => e.dataset.mark)")
    to_remove = [path for path in removed.split(b"\0") if path]
    check(len(to_remove) == kinds.count("remove"), f"{len(to_remove)} paths to remove")
    check(all(os.path.exists(os.path.join(os.fsencode(work), path)) for path in to_remove), "each is a file, to the byte")
    check(lines == removed.replace(b"\0", b"\n"), "by lines as by NUL")
    entries = [line for line in baseline.split(b"\n") if line]
    check(len(entries) == kinds.count("fine"), f"{len(entries)} accepted")
    check(all(entry.lstrip(b"\\")[:64].decode() in hashes(work) for entry in entries), "each by its content's SHA-256")
    listed = subprocess.run(["sha256sum", "--check", "--status", "accepted.txt"], cwd=work)
    check(listed.returncode == 0, "sha256sum --check takes the baseline")
    os.unlink(pathlib.Path(work) / "remove.nul")
    os.unlink(pathlib.Path(work) / "remove.txt")
    if report == "model.html":
        total = kinds.count("fine") + kinds.count("remove")
        gate = run(program, "gate", "images", "--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.02", "--baseline", "accepted.txt",
                   "--max-outliers", "0", "--format", "jsonl", code=2 if kinds.count("remove") else 0, cwd=work)
        check(f"{kinds.count('remove')} new outliers".encode() in gate.stdout + gate.stderr or b"unreadable" in gate.stderr,
              f"the gate takes the baseline: {total} outliers, {kinds.count('remove')} of them new: {gate.stderr.decode()[-200:]}")

    os.unlink(pathlib.Path(work) / "accepted.txt")
    accessible(page, "light")
    page("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    accessible(page, "dark")
    if pictures:
        page.screenshot(pictures / f"{report}-dark.png")
    page("Emulation.setEmulatedMedia", features=[])
    page("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    check(page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), "fits a telephone's width")
    if pictures:
        page.screenshot(pictures / f"{report}-narrow.png")
    page("Emulation.clearDeviceMetricsOverride")
    if pictures:
        page.screenshot(pictures / f"{report}.png")
    import base64

    paper = base64.b64decode(page("Page.printToPDF", printBackground=True)["data"])
    check(paper.startswith(b"%PDF") and len(paper) > 10_000, f"prints: {len(paper)} bytes of PDF")


def hashes(work):
    found = set()
    for at, _, names in os.walk(os.fsencode(work) + b"/images"):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                found.add(hashlib.sha256(file.read()).hexdigest())
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program")
    arguments.add_argument("--pictures", type=pathlib.Path, help="where screenshots go")
    given = arguments.parse_args()
    program = str(pathlib.Path(given.program).resolve())
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    work = tempfile.mkdtemp(prefix="surprisal-pages-")
    try:
        os.mkdir(work + "/images")
        folder(work + "/images")
        # One of the files is broken, as it should be.
        pathlib.Path(work, ".surprisal.yml").write_text("max_unreadable: 1\n")
        run(program, "scan", "images", "--fpr", "0.2", "--format", "html", "--output", "folder.html", "--quiet", cwd=work)
        run(program, "scan", "images", "--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.02", "--format", "html", "--output",
            "model.html", "--quiet", cwd=work)
        with Browser() as page:
            for report in ["model.html", "folder.html"]:
                seconds = page.open(f"{work}/{report}")
                print(f"== {report}: {os.path.getsize(f'{work}/{report}')} bytes, loaded in {seconds:.2f} s")
                use(program, page, report, work, given.pictures)
                check(page.complaints() == [], f"the console: {page.complaints()}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
