"""Runs the steps of action.yml as GitHub does: action.py BINARY [ARCHIVE], where ARCHIVE is what `make dist` made, or else one is
made of BINARY and the models, laid out the same.

Each step's shell script with the environment that the runner sets, inputs and outputs put where expressions stand; steps that use
another action are told and left out. The action, the workflow of the examples and the GitLab example are held against their schemas by
check-jsonschema before.
"""
import os, re, shutil, subprocess, sys, tarfile, hashlib, tempfile
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(sys.argv[1]).resolve()
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text())


class Job:
    """What one use of the action did."""

    def __init__(self, workspace, path=os.environ["PATH"], models=True, **inputs):
        self.temp = Path(tempfile.mkdtemp(dir=workspace.parent))
        self.summary = self.temp / "summary"
        self.models = models
        self.outputs, self.log, self.code, self.used = {}, "", 0, []
        known = {name: value.get("default", "") for name, value in ACTION["inputs"].items()}
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert set(given) <= set(known), given
        self.values = {f"inputs.{name}": value for name, value in {**known, **given}.items()}
        for step in ACTION["runs"]["steps"]:
            if self.code == 0 and self.holds(step.get("if")):
                self.step(step, workspace, path)
        for name, output in ACTION["outputs"].items():
            self.outputs[name] = self.expand(output["value"])

    def expand(self, text):
        """Expressions replaced, but for what a shell script may not hold: they would be code there."""
        return re.sub(r"\$\{\{\s*([\w.-]+)\s*\}\}", lambda m: self.values.get(m[1], ""), str(text))

    def holds(self, condition):
        if condition is None:
            return True
        name, value = re.fullmatch(r"\$\{\{ ([\w.-]+) == '(\w+)' \}\}", condition).groups()
        return self.values.get(name) == value

    def step(self, step, workspace, path):
        if "uses" in step:
            self.used.append((step["uses"], {k: self.expand(v) for k, v in step["with"].items()}))
            return
        assert "${{" not in step["run"], "an expression in a script is code of who names an image"
        assert step["shell"] == "bash"
        output = self.temp / "output"
        output.write_text("")
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        environment = {
            "PATH": path, "HOME": str(self.temp), "CI": "true", "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.temp), "OMP_WAIT_POLICY": "passive",
            **{name: self.expand(value) for name, value in step.get("env", {}).items()},
        }
        if self.models:
            environment["SURPRISAL_MODELS"] = str(ROOT / "models")
        # As the runner calls it (docs: jobs.<job_id>.steps[*].shell).
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=workspace, env=environment,
            capture_output=True, text=True)
        self.log += done.stdout + done.stderr
        self.code = done.returncode
        for line in output.read_text().splitlines():
            name, value = line.split("=", 1)
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value


def check(job, code, decision, words):
    told = job.summary.read_text() if job.summary.exists() else ""
    if job.code != code or job.outputs["decision"] != decision or words not in told + job.log:
        sys.exit(f"action: exit {job.code}, not {code}; {job.outputs}\n{job.log}\n{told}")


def release(place):
    """An archive of a release, and the prefix that it unpacks to."""
    if len(sys.argv) > 2:
        archive = Path(sys.argv[2]).resolve()
        name = archive.name.removesuffix(".tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(place)
    else:
        archive, name = place / "surprisal-0.1.0-linux-x86_64.tar.gz", "surprisal-0.1.0-linux-x86_64"
        (place / name / "bin").mkdir(parents=True)
        shutil.copy(BINARY, place / name / "bin/surprisal")
        (place / name / "share/surprisal").mkdir(parents=True)
        shutil.copytree(ROOT / "models", place / name / "share/surprisal/models")
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            tar.add(place / name, name)
    assert (place / name / "bin/surprisal").is_file(), f"{archive} unpacks to no {name}/bin/surprisal"
    return archive, place / name


def main():
    with tempfile.TemporaryDirectory() as place:
        workspace = Path(place) / "workspace"
        workspace.mkdir()
        for name in ["clothes", "other", "broken"]:
            shutil.copytree(ROOT / "fixtures" / name, workspace / name)
        (workspace / "$(touch owned) `id`;").mkdir()
        shutil.copy(ROOT / "fixtures/clothes/00.png", workspace / "$(touch owned) `id`;/--help.png")
        binary = {"binary": str(BINARY)}
        model = {"model": "fashion-mnist", "fpr": "0.02"}
        many = {**binary, **model, "max_outliers": "100%"}

        passed = Job(workspace, paths="clothes\r\n\n$(touch owned) `id`;\n", **many)
        check(passed, 0, "passed", "gate passed&#58; ")
        assert not (workspace / "owned").exists()
        failed = Job(workspace, paths="other", **binary, **model, max_outliers="0", upload_sarif="true")
        check(failed, 2, "failed", "### ❌ gate failed&#58; ")
        assert failed.outputs["exit-code"] == "2"
        for name in ["sarif", "junit", "markdown"]:
            assert Path(failed.outputs[name]).stat().st_size > 100, name
        # Handed on although the gate failed, before it decides.
        assert failed.used == [
            ("github/codeql-action/upload-sarif@v3", {"sarif_file": failed.outputs["sarif"], "category": "surprisal"})]
        assert passed.used == []
        check(Job(workspace, paths="clothes\nbroken", **many), 3, "undecided", "gate undecided&#58; 6 of")
        quiet = Job(workspace, paths="other", **binary, **model, max_outliers="0", summary="false")
        check(quiet, 2, "failed", "gate failed: ")
        assert not quiet.summary.exists()
        # A policy of the repository, with what the first scan accepted.
        subprocess.run(
            [str(BINARY), "gate", "--init", "clothes", "other", "--quiet"], cwd=workspace, check=True,
            env={**os.environ, "HOME": place, "SURPRISAL_MODELS": str(ROOT / "models")})
        check(Job(workspace, paths="clothes\nother", **binary), 0, "passed", "(4 accepted before)")
        check(Job(workspace, paths="clothes", policy="no/such.yml", **binary), 1, "", "surprisal could not run")

        # From an archive as make dist makes it, its sum checked; from the PATH; from nowhere.
        archive, prefix = release(Path(place))
        sum = hashlib.sha256(archive.read_bytes()).hexdigest()
        fetched = {"url": archive.as_uri(), **model, "max_outliers": "100%", "paths": "other", "models": False}
        check(Job(workspace, sha256=sum, **fetched), 0, "passed", "gate passed")
        check(Job(workspace, sha256="0" * 64, **fetched), 1, "", "FAILED")
        path = f"{prefix}/bin:{os.environ['PATH']}"
        check(Job(workspace, path=path, models=False, paths="other", **model, max_outliers="0"), 2, "failed", "gate failed")
        check(Job(workspace, paths="other"), 1, "", "no surprisal on the PATH")
        # What docker would be called with.
        fake = Path(place) / "fake"
        fake.mkdir()
        (fake / "docker").write_text(
            '#!/bin/bash\necho "$*" >> "$RUNNER_TEMP/docker"\n'
            'while [ "$1" != IMAGE:1 ]; do shift; done; shift\nexec "$REAL" "$@"\n'.replace("$REAL", str(BINARY)))
        (fake / "docker").chmod(0o755)
        inside = Job(
            workspace, path=f"{fake}:{os.environ['PATH']}", paths="other", container="IMAGE:1", **model, max_outliers="0")
        check(inside, 2, "failed", "gate failed")
        assert f"--volume {workspace}:{workspace}" in (inside.temp / "docker").read_text()
    print("action: passes, fails, cannot tell and cannot run as it should; from a path, an archive and a container")


main()
