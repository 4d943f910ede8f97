"""A copy of the tree in which one mutant after the other is put in place and judged."""

from __future__ import annotations

import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

from changes import Mutant
from judge import limit_memory

ROOT = Path(__file__).resolve().parents[2]
# An editable install finds the package before any path does; in the copy the copy's is meant.
FORGET_INSTALLED = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "ScikitBuildRedirectingFinder"]
"""
BUILD = "build/native"
NATIVE_TESTS = ("work_shares", "input_cache", "equals_plain_loops")  # the quick ones first
# The C++ tests judge a mutant under sanitizers, as CI runs them: what reads or writes beyond its
# own without changing an answer is seen there. They take more addresses than the limit leaves.
SANITIZED, SANITIZERS = "build/sanitized", "address,bounds"
LONGEST_TEST = 60.0  # seconds
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:hard_rss_limit_mb=4096",
    "UBSAN_OPTIONS": "halt_on_error=1",
}
# The sets of instructions share their sources, and nearly every machine runs this one: a mutant in
# a branch that only another set takes is the same program here, and is not counted.
ONE_SET, X86 = "v3", ("x86_64", "AMD64")


class Kept:
    """A file as it is now: put back with its time, so that nothing is built from it again."""

    def __init__(self, path: Path) -> None:
        self.path, self.content = path, path.read_bytes()
        self.time, self.mode = path.stat().st_mtime_ns, path.stat().st_mode

    def put_back(self) -> None:
        """Write it where it is another."""
        if self.path.exists() and self.path.stat().st_mtime_ns == self.time:
            return
        self.path.write_bytes(self.content)
        self.path.chmod(self.mode)
        os.utime(self.path, ns=(self.time, self.time))


class Workshop:
    """One copy, its judge, and the clock that gives each change a time of its own."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.path = folder / "path"
        # Compiled modules are known by whole seconds: no two contents of a file may share one.
        self.clock = itertools.count(int(time.time()) + 10)
        self._copy()
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(self.path), str(self.tree / "src"))),
            "PATH": os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"])),
            "PYTHONFAULTHANDLER": "",
        }
        self.judge: subprocess.Popen | None = None
        self.core = self.unchanged = b""  # the library as built last, and of the unchanged sources
        self.built: list[Kept] = []

    def _copy(self) -> None:
        """Take what git knows or would know, and the built core."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        self.path.mkdir()
        (self.path / "sitecustomize.py").write_text(FORGET_INSTALLED)
        import backpass.engine._native as core

        shutil.copy2(core.__file__, self.tree / "src/backpass/engine")

    def prepare_core(self) -> bool:
        """Build the native core as mutants are built; False where that cannot be done here."""
        one_set = [f"-DBACKPASS_ONE_SET={ONE_SET}"] if platform.machine() in X86 else []
        options = ["-DBACKPASS_OPTIMIZE=-O1", *one_set]
        sanitized = [
            "-DBACKPASS_NATIVE_TESTS=ON",
            f"-DBACKPASS_SANITIZE={SANITIZERS}",
            f"-DPython_EXECUTABLE={sys.executable}",
            *options,
        ]
        if not (self.runs("scripts/build", *options) and self.build()):
            return False
        self.unchanged = self.core
        if not (
            self.runs("cmake", "-S", ".", "-B", SANITIZED, "-G", "Ninja", *sanitized)
            and self.native_tests(LONGEST_TEST)
        ):
            return False
        folders = self.tree / BUILD, self.tree / SANITIZED
        objects = [path for folder in folders for path in folder.rglob("*.o")]
        programs = [*folders[0].glob("_native*.so"), *(folders[1] / test for test in NATIVE_TESTS)]
        self.built = [Kept(path) for path in (*objects, *programs)]
        return True

    def build(self) -> bool:
        """Build what is to be built of the copy's core; False where the compiler refuses."""
        if not self.runs("cmake", "--build", BUILD, "--target", "_native"):
            return False
        (built,) = (self.tree / BUILD).glob("_native*.so")
        self.core = built.read_bytes()
        beside = built.with_suffix(".new")
        beside.write_bytes(self.core)
        beside.replace(self.tree / "src/backpass/engine" / built.name)
        return True

    def runs(self, *command: str, limit: Callable[[], None] | None = limit_memory) -> bool:
        """Whether a command, in the copy, ends well."""
        done = subprocess.run(
            command,
            cwd=self.tree,
            env=self.environment | SANITIZER_OPTIONS,
            capture_output=True,
            preexec_fn=limit,
        )
        return done.returncode == 0

    def put(self, path: str, text: str) -> None:
        """Write a file of the copy, with a time that it never had."""
        file = self.tree / path
        file.write_text(text)
        if file.suffix == ".py":
            moment = next(self.clock)
            os.utime(file, (moment, moment))

    def ask(self, tests: list[str], seconds: float) -> dict:
        """Run tests; the answer's code is None where they did not end in time."""
        if self.judge is None:
            command = [sys.executable, str(Path(__file__).with_name("judge.py"))]
            self.judge = subprocess.Popen(
                command,
                cwd=self.tree,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.judge.stdin.write(json.dumps({"tests": tests, "seconds": seconds}) + "\n")
        self.judge.stdin.flush()
        return json.loads(self.judge.stdout.readline())

    def verdict(self, mutant: Mutant, source: str, tests: list[str], seconds: float) -> str:
        """`killed`, `late`, `survived`; or, where there is nothing to judge, one of two others.

        A compiler refuses `no program`, and makes of `same program` what it makes of the library.
        """
        native = not mutant.path.endswith(".py")
        kept = [Kept(self.tree / mutant.path), *self.built] if native else []
        self.put(mutant.path, mutant.applied(source))
        try:
            if native and not self.build():
                return "no program"
            if native and self.core == self.unchanged:
                return "same program"
            answer = self.ask(tests, seconds)
            if native and answer["code"] == 0 and not self.native_tests(seconds):
                return "killed"
        finally:
            self.put(mutant.path, source)
            for file in kept:
                file.put_back()
        if answer["code"] is None:
            return "late"
        return "survived" if answer["code"] == 0 else "killed"

    def native_tests(self, seconds: float) -> bool:
        """Whether the C++ tests pass, under the sanitizers."""
        built = self.runs("cmake", "--build", SANITIZED, "--target", *NATIVE_TESTS)
        in_time = ("timeout", "-k", "1", str(seconds))
        return built and all(
            self.runs(*in_time, f"{SANITIZED}/{test}", limit=None) for test in NATIVE_TESTS
        )

    def close(self) -> None:
        """End the judge."""
        if self.judge is not None:
            self.judge.stdin.close()
            self.judge.wait()
