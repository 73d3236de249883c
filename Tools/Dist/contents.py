"""What is inside a release, told: contents.py TREE SCRATCH, after the files are in TREE and the binary was built in SCRATCH.

Writes below TREE/share/doc/surprisal: licences/, the terms of every part and an index of them, and surprisal.spdx.json, the parts and
files by SPDX 2.3. Parts are found, not listed: Swift's packages where they are checked out, libraries of C by asking dpkg whose they
are. One whose licence is not in licences.tsv stops it.
"""
import hashlib, json, os, re, subprocess, sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COMMON = Path("/usr/share/common-licenses")
TOLD = dict(
    line.rsplit("\t", 1) for line in (HERE / "licences.tsv").read_text().splitlines() if not line.startswith("#"))
# Terms that SPDX has no name for.
OWN_TERMS = {"LicenseRef-public-domain": "Dedicated to the public domain by its authors."}

BESIDE = [
    "The others stand in lib/surprisal as Debian built them, whose sources Debian keeps.",
    "`/usr/share/common-licenses/NAME`, which Debian's texts cite, is `debian/common-NAME.txt` here."]
# Libraries beside the binary that are of this project.
OURS = {"libjbig.so.0"}


@dataclass
class Part:
    """Something of others that is inside."""

    name: str
    version: str
    url: str
    supplier: str
    # Where its terms stand, below licences/, and their text.
    terms: str
    text: str
    linked: str = "STATIC_LINK"
    purl: str = ""
    files: list = field(default_factory=list)

    @property
    def licence(self):
        if self.name not in TOLD:
            sys.exit(f"contents: licence of {self.name}? Tell it in Tools/Dist/licences.tsv")
        return TOLD[self.name]

    @property
    def id(self):
        return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", self.name)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def notices(folder):
    """Every notice of copyright in the comments of C, each once."""
    kept = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".c", ".cc", ".h", ".S", ".inc"}:
            text = path.read_text(errors="replace")
            for comment in re.findall(r"/\*.*?\*/|(?:^//[^\n]*\n)+", text, re.S | re.M):
                if "opyright" in comment:
                    kept.setdefault(" ".join(comment.split()), comment.strip())
    return "\n\n".join(kept.values()) + "\n"


def swift_parts(scratch):
    """The language's own libraries, and the packages, as they are linked in."""
    release = re.search(r"swift-([\d.]+)-RELEASE", output("swift", "--version"))
    version = release[1] if release else "unknown"
    program = Path(output("which", "swift").strip()).resolve()
    licence = (program.parents[1] / "share/swift/LICENSE.txt").read_text()
    yield Part("Swift", version, "https://swift.org", "Organization: Swift.org", "Swift.txt", licence,
               purl=f"pkg:generic/swift@{version}")
    yield Part("ICU", "76", "https://github.com/swiftlang/swift-foundation-icu", "Organization: Unicode, Inc.", "ICU.txt",
               (HERE / "licences/ICU.txt").read_text())
    for pin in json.loads((scratch / "workspace-state.json").read_text())["object"]["dependencies"]:
        name, url, state = pin["subpath"], pin["packageRef"]["location"].removesuffix(".git"), pin["state"]["checkoutState"]
        folder = scratch / "checkouts" / name
        texts = [p.read_text() for p in sorted(folder.iterdir()) if re.match(r"(LICENSE|NOTICE)", p.name)]
        yield Part(name, state["version"], url, f"Organization: {url.split('/')[-2]}", f"{name}.txt", "\n".join(texts),
                   purl=f"pkg:swift/{url.removeprefix('https://')}@{state['version']}")
        if name == "Yams":
            yield Part("LibYAML", "0.2.5", "https://github.com/yaml/libyaml", "Person: Kirill Simonov", "LibYAML.txt",
                       (HERE / "licences/LibYAML.txt").read_text())
        if name == "swift-crypto":
            sources = folder / "Sources/CCryptoBoringSSL"
            revision = re.search(r"[0-9a-f]{40}", (sources / "hash.txt").read_text())[0]
            yield Part("BoringSSL", revision, "https://boringssl.googlesource.com/boringssl", "Organization: Google",
                       "BoringSSL.txt", notices(sources))


def debian_parts(tree):
    """The packages that the libraries beside the binary come from; none where it uses the system's."""
    parts = {}
    place = tree / "lib/surprisal"
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    distribution = f"{system['ID']}-{system.get('VERSION_ID', '')}".replace('"', "")
    for library in sorted(place.iterdir()) if place.is_dir() else []:
        if library.name in OURS:
            continue
        found = Path(re.search(rf"{re.escape(library.name)} .*=> (/\S+)", output("ldconfig", "-p"))[1]).resolve()
        package = output("dpkg-query", "--search", f"*/{found.name}").split(":")[0]
        if package not in parts:
            version, architecture, url = output(
                "dpkg-query", "--show", "--showformat=${Version}\t${Architecture}\t${Homepage}", package).split("\t")
            parts[package] = Part(
                package, version, url or f"https://packages.debian.org/{package}", "Organization: Debian",
                f"debian/{package}.txt", Path(f"/usr/share/doc/{package}/copyright").read_text(), "DYNAMIC_LINK",
                f"pkg:deb/debian/{package}@{version.replace('+', '%2B')}?arch={architecture}&distro={distribution}")
        parts[package].files.append(library)
    return list(parts.values())


def write_licences(folder, parts, version):
    (folder / "debian").mkdir(parents=True)
    beside = any(part.files for part in parts)
    (folder / "surprisal.txt").write_text((ROOT / "LICENSE").read_text())
    cited = set()
    for part in parts:
        assert part.text.strip(), f"no terms of {part.name}"
        (folder / part.terms).write_text(part.text)
        cited.update(re.findall(r"common-licenses/([A-Z][\w.-]*\w)", part.text))
    if not beside:
        (folder / "debian").rmdir()
    for name in sorted(cited) if beside else []:
        if (COMMON / name).is_file():
            (folder / "debian" / f"common-{name}.txt").write_text((COMMON / name).read_text())
    rows = [f"| {p.name} | {p.version[:20]} | {p.licence} | [{p.terms}]({p.terms}) |" for p in parts]
    (folder / "README.md").write_text("\n".join([
        "# Whose work is inside, and by which terms", "",
        f"Surprisal {version} itself: Apache-2.0, [surprisal.txt](surprisal.txt). Swift's libraries and packages are linked into the",
        "binary.", *(BESIDE if beside else []), "",
        "| part | version | licence | terms |", "|---|---|---|---|", *rows, ""]))


def sums(path):
    data = path.read_bytes()
    return hashlib.sha1(data).hexdigest(), hashlib.sha256(data).hexdigest()


def spdx(tree, parts, version, epoch):
    files, hashes = [], []
    owners = {path: part for part in parts for path in part.files}
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-surprisal")]
    for number, path in enumerate(sorted(p for p in tree.rglob("*") if p.is_file() and not p.is_symlink())):
        sha1, sha256 = sums(path)
        hashes.append((sha1, sha256))
        owner = owners.get(path)
        files.append({
            "SPDXID": f"SPDXRef-File-{number}", "fileName": f"./{path.relative_to(tree)}",
            "checksums": [{"algorithm": "SHA1", "checksumValue": sha1}, {"algorithm": "SHA256", "checksumValue": sha256}],
            "licenseConcluded": owner.licence if owner else "NOASSERTION", "copyrightText": "NOASSERTION"})
        relations.append(("SPDXRef-surprisal", "CONTAINS", f"SPDXRef-File-{number}"))
        if owner:
            relations.append((f"SPDXRef-File-{number}", "GENERATED_FROM", owner.id))
    # SPDX 2.3, 7.9: SHA-1 of the files' SHA-1, sorted and joined.
    code = hashlib.sha1("".join(sorted(sha1 for sha1, _ in hashes)).encode()).hexdigest()
    packages = [{
        "SPDXID": "SPDXRef-surprisal", "name": "surprisal", "versionInfo": version, "downloadLocation": "NOASSERTION",
        "filesAnalyzed": True, "packageVerificationCode": {"packageVerificationCodeValue": code},
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0", "licenseInfoFromFiles": ["NOASSERTION"],
        "copyrightText": "NOASSERTION", "supplier": "NOASSERTION", "primaryPackagePurpose": "APPLICATION"}]
    for part in parts:
        package = {
            "SPDXID": part.id, "name": part.name, "versionInfo": part.version, "downloadLocation": "NOASSERTION",
            "homepage": part.url, "supplier": part.supplier, "filesAnalyzed": False, "licenseConcluded": part.licence,
            "licenseDeclared": part.licence, "copyrightText": "NOASSERTION", "primaryPackagePurpose": "LIBRARY"}
        if part.purl:
            package["externalRefs"] = [{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl}]
        packages.append(package)
        relations.append(("SPDXRef-surprisal", part.linked, part.id))
    used = {word for part in parts for word in part.licence.split()} & set(OWN_TERMS)
    everything = hashlib.sha256("".join(sha256 for _, sha256 in hashes).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"surprisal-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/surprisal-{version}-{everything[:32]}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: surprisal-contents.py"]},
        "packages": packages, "files": files,
        "hasExtractedLicensingInfos": [{"licenseId": name, "extractedText": OWN_TERMS[name]} for name in sorted(used)],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other} for one, kind, other in relations]}


def main():
    tree, scratch = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    version = re.search(r'version: "([^"]+)"', (ROOT / "Sources/SurprisalCLI/SurprisalCommand.swift").read_text())[1]
    parts = [*swift_parts(scratch), *debian_parts(tree)]
    place = tree / "share/doc/surprisal"
    write_licences(place / "licences", parts, version)
    document = spdx(tree, parts, version, int(os.environ["SOURCE_DATE_EPOCH"]))
    (place / "surprisal.spdx.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


main()
