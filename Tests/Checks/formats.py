"""Holds what surprisal writes against the standards' own schemas: formats.py BINARY.

SARIF against OASIS' JSON schema, JUnit against the XSD of Jenkins' xunit plugin, Markdown through GitHub's own parser, JSON
Lines and CSV by Python's, on reports of fixtures, of files with hostile names, of gates that pass, fail and cannot tell. The policy's
schema against the table of examples that the Swift tests hold the policy's reader against, and against what gate --init writes.
"""
import csv, html.parser, io, json, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path

import cmarkgfm
import jsonschema
from lxml import etree
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / ".build/checks/schemas"
BINARY = str(Path(sys.argv[1]).resolve())
ENV = {**os.environ, "SURPRISAL_MODELS": str(ROOT / "models"), "OMP_WAIT_POLICY": "passive",
       "SURPRISAL_CACHE": str(ROOT / ".build/checks/cache")}

HOSTILE = [
    b"<img src=x onerror=alert(1)>.png", b"a|b`c`.png", b"line\nbreak.png", b"carriage\rreturn.png", b"tab\tquote\"'.png",
    b"&amp;.png", b"]]>.png", b"--><b>.png", "‮gpj.png".encode(), "⁦x.png".encode(), "שלום.png".encode(),
    b"Mu\xf1oz.png", b"\xff\xfe.png", b"\x1b[31mred.png", b"=1+1,.png", b"@everyone #1 www.example.com.png",
    b"![x](y).png", b"-rf.png", b"%41 ?#.png", b"{\"a\":1}.png", b"\\|\\.png", b"a:b.png", "\u2028\u0085.png".encode(),
    b"*_~`.png", b"$(x);`y`.png", "😀 :smile:.png".encode(), b" leading.png", b"me@example.com.png",
]


def run(*arguments, cwd=ROOT, code=0):
    done = subprocess.run([BINARY, *arguments], cwd=cwd, env=ENV, capture_output=True)
    if done.returncode != code:
        sys.exit(f"{arguments}: exit {done.returncode}, not {code}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def report(path, name, schema, text):
    """Validates SARIF or JUnit, and says how many results there are."""
    if name == "sarif":
        log = json.loads(text)
        jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
        found = len(log["runs"][0]["results"])
    else:
        root = etree.fromstring(text)
        schema.assertValid(root)
        for suite in root.iter("testsuite"):
            cases = list(suite.iter("testcase"))
            for kind, counted in [("failure", "failures"), ("error", "errors"), ("skipped", "skipped")]:
                told, there = int(suite.get(counted)), sum(c.find(kind) is not None for c in cases)
                if told != there:
                    sys.exit(f"{path}: {told} {counted} are told, {there} are there")
        found = len(list(root.iter("testcase")))
    return found


class Elements(html.parser.HTMLParser):
    """The tags of a page, the cells of its tables, and the text that is no cell's."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.cells = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def printable(path):
    """A name as reports print it: bytes that are no text and characters that drive terminals escaped."""
    text = path.decode("utf-8", "surrogateescape")
    out = ""
    for c in text:
        n = ord(c)
        if 0xDC80 <= n <= 0xDCFF:
            out += f"\\x{n - 0xDC00:02x}"
        elif n < 0x20 or 0x7F <= n < 0xA0 or 0x2028 <= n <= 0x202E or 0x2066 <= n <= 0x2069:
            out += f"\\u{{{n:x}}}"
        else:
            out += c
    return out


def markdown(text, names):
    """GitHub's parser makes of a summary what it is meant to be, and of a name nothing but its characters."""
    page = cmarkgfm.github_flavored_markdown_to_html(text)
    found = Elements(page)
    allowed = {"h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "em"}
    if not found.tags <= allowed:
        sys.exit(f"markdown: {found.tags - allowed} in\n{page}")
    cells = {re.sub(r"\s+", " ", c).strip() for c in found.cells}
    for name in names:
        if re.sub(r"\s+", " ", name).strip() not in cells:
            sys.exit(f"markdown: no cell of {name!r} in\n{page}")


def main():
    sarif = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text())
    junit = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))
    counts = {"sarif": 0, "junit": 0}
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        hostile = os.fsencode(place / "hostile")
        os.mkdir(hostile)
        sources = [ROOT / "fixtures/other/noise.png", ROOT / "fixtures/broken/cut.png"]
        for index, name in enumerate(HOSTILE):
            shutil.copy(sources[index % 2], os.path.join(hostile, name))
        model = ["--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.02"]
        everything = ["fixtures", str(place / "hostile")]
        accepted = str(place / "accepted.txt")
        run("gate", *everything, *model, "--write-baseline", accepted)
        cases = [
            ("scan", everything + model, 0),
            ("scan", ["fixtures"], 0),
            ("gate", ["fixtures/clothes", *model, "--max-outliers", "100%"], 0),
            ("gate", ["fixtures/other", *model, "--max-outliers", "0"], 2),
            ("gate", everything + model, 3),
            ("gate", everything + model + ["--max-unreadable-of-policy"], 0),
            ("gate", ["fixtures/clothes/00.png", "--model", "fashion-mnist", "--fpr", "1e-9"], 3),
        ]
        policy = place / "policy.yml"
        policy.write_text(f"max_unreadable: 100%\nbaseline: {accepted}\n")
        for command, arguments, code in cases:
            if arguments[-1] == "--max-unreadable-of-policy":
                arguments = arguments[:-1] + ["--policy", str(policy)]
            for form, schema in [("sarif", sarif), ("junit", junit)]:
                text = run(command, *arguments, "--format", form, code=code)
                counts[form] += report(f"{command} {arguments}", form, schema, text)
            names = []
            if str(place / "hostile") in arguments:
                names = [printable(hostile + b"/" + name) for name in HOSTILE]
            markdown(run(command, *arguments, "--format", "markdown", code=code).decode(), names)
            lines = run(command, *arguments, "--format", "jsonl", code=code).splitlines()
            for line in lines:
                json.loads(line)
            text = run(command, *arguments, "--format", "csv", code=code).decode()
            rows = list(csv.reader(io.StringIO(text, newline="")))
            if len(rows) != 1 + len(lines) or len({len(row) for row in rows}) != 1:
                sys.exit(f"{command} {arguments}: rows of CSV are not the records")
        policies(place)
    print(f"formats: {counts['sarif']} results of SARIF and {counts['junit']} test cases of JUnit are valid")


def policies(place):
    schema = json.loads((ROOT / "schemas/surprisal-policy.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    yaml = YAML(typ="safe")
    examples = json.loads((ROOT / "Tests/SurprisalTests/Reference/policies.json").read_text())
    for example in examples:
        value = yaml.load(example["yaml"])
        if validator.is_valid({} if value is None else value) != example["valid"]:
            sys.exit(f"policy schema: wrong about\n{example['yaml']}")
    for arguments in [["fixtures"], ["fixtures/clothes", "--model", "fashion-mnist", "--evaluations", "4", "--fdr", "0.1"]]:
        path = place / f"{len(arguments)}.yml"
        run("gate", "--init", "--force", *arguments, "--policy", str(path))
        validator.validate(yaml.load(path.read_text()))
        head = path.read_text().splitlines()[0]
        if not re.fullmatch(r"# yaml-language-server: \$schema=\S+/surprisal-policy\.schema\.json", head):
            sys.exit(f"policy: {head}")
        # What is suggested in comments is valid too.
        for line in path.read_text().splitlines():
            if re.match(r"# [a-z_]+: \S+$", line):
                validator.validate(yaml.load(line[2:]))
    print(f"policy: the schema agrees with {len(examples)} examples and with gate --init")


main()
