"""Runs the commands of the docs as a user types them: docs.py BINARY [FILE...].

Of README.md, docs/ and docs/tasks/ every fenced block with a line that begins in `surprisal COMMAND` is run, command by command, in a folder
with the names that docs use: ~/Pictures, good-images/, new-images/, FOLDER, and mine.safetensors fitted to good-images. A command must
exit with 0, or with what a comment at its end states: `# exits 2`. A block under the line `<!-- not run: REASON -->` is left
out, and told. Manual pages (*.1) have their examples run.

`surprisal train` is made short: three steps of a small network. Everything else runs as it stands.
"""
import os, re, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(sys.argv[1]).resolve()
COMMANDS = "cache|calibrate|evaluate|explain|fit|gate|merge|model|sample|scan|train"
TYPED = re.compile(rf"^\s*surprisal ({COMMANDS})\b", re.M)

SHORT = f"""#!/bin/bash
# Training as it is typed, but short.
[ "$1" = train ] || exec {BINARY} "$@"
short=(--steps 3 --from none --preset tiny --size 16 --evaluations 4)
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --minutes|--steps|--from|--preset|--size|--evaluations) shift 2 ;;
    *) words+=("$1"); shift ;;
  esac
done
exec {BINARY} "${{words[@]}}" "${{short[@]}}"
"""


def blocks(path):
    """Commands of each block, with where it begins; None where it is not to be run."""
    text = path.read_text()
    if path.suffix == ".1":
        found = re.findall(r"^\.Dl (.*)$", text, re.M)
        yield 1, "\n".join(line.replace("\\-", "-").replace("\\e", "\\").replace("\\(dq", '"') for line in found), None
        return
    # Blocks in other languages are gone over too: else what ends one would begin the next.
    for match in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.S | re.M):
        if match[2] not in ("", "sh", "bash", "console") or not TYPED.search(match[3]):
            continue
        before = text[: match.start()].rstrip("\n").rsplit("\n", 1)[-1].strip()
        skipped = re.fullmatch(r"<!-- not run: (.+) -->", before)
        lines = [line.removeprefix(match[1]) for line in match[3].splitlines()]
        yield text.count("\n", 0, match.start()) + 1, "\n".join(lines), skipped and skipped[1]


def commands(block):
    """Whole commands: lines are joined while a shell would wait for more."""
    kept = ""
    for line in block.splitlines():
        kept += line + "\n"
        waits = kept.rstrip("\n").endswith("\\") or subprocess.run(
            ["bash", "-n"], input=kept, text=True, capture_output=True).returncode
        if kept.strip() and not waits:
            yield kept.strip()
            kept = ""
    if kept.strip():
        yield kept.strip()


def sandbox(place):
    """What every file's commands find."""
    work, pictures, tools = place / "work", place / "home/Pictures", place / "bin"
    for folder in [work, pictures, tools]:
        folder.mkdir(parents=True)
    (tools / "surprisal").write_text(SHORT)
    (tools / "surprisal").chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(place / "home"), "SURPRISAL_MODELS": str(ROOT / "models"),
        "OMP_WAIT_POLICY": "passive", "LC_ALL": "C.UTF-8",
    }

    def surprisal(*words):
        subprocess.run([BINARY, *words, "--quiet"], cwd=work, env=environment, check=True)

    # Its own samples: as many different clothes as are wanted, the same each time.
    for seed, count, folder in [(1, 110, pictures), (2, 130, work / "good-images"), (3, 12, work / "new-images")]:
        surprisal("sample", "--model", "fashion-mnist", "-n", str(count), "--steps", "12", "--seed", str(seed), "--output", folder)
    for image in (ROOT / "fixtures/other").iterdir():
        shutil.copy(image, pictures)
    shutil.copy(ROOT / "fixtures/other/noise.png", work / "new-images/odd.png")
    shutil.copy(ROOT / "fixtures/other/rings.jpg", work / "new-images/odd.jpg")
    shutil.copytree(pictures, work / "FOLDER")
    surprisal("fit", "good-images", "--output", "mine.safetensors")
    return work, environment


def main():
    given = [Path(path).resolve() for path in sys.argv[2:]]
    paths = given or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    count, left, failed = 0, [], 0
    with tempfile.TemporaryDirectory() as place:
        work, environment = sandbox(Path(place))
        for path in paths:
            name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            folder = Path(place) / "here"
            shutil.copytree(work, folder)
            for line, block, reason in blocks(path):
                if reason:
                    left.append(f"{name}:{line}: not run: {reason}")
                    continue
                for command in commands(block):
                    stated = re.search(r"# exits (\d+)", command)
                    done = subprocess.run(
                        ["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                        capture_output=True)
                    count += 1
                    if done.returncode != (int(stated[1]) if stated else 0):
                        failed += 1
                        print(f"{name}:{line}: exits {done.returncode}: {command}\n{done.stderr.decode(errors='replace')}")
            shutil.rmtree(folder)
    print("\n".join(left))
    print(f"docs: {count} commands run, {failed} other than stated, {len(left)} blocks left out")
    sys.exit(failed > 0)


main()
