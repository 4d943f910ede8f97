"""The mutation job: draw mutants, judge them in copies of the tree, and report by module."""

from __future__ import annotations

import argparse
import glob
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from changes import Key, Mutant, key
from native_mutants import native_mutants
from python_mutants import python_mutants
from workshop import ROOT, Workshop

HERE = Path(__file__).resolve().parent
MIN_SECONDS, SLOWDOWN = 20.0, 4.0  # a mutant may take so long, or so many times what is usual


@dataclass
class Part:
    """One module of the plan, its mutants in the order of the draw, and the verdicts."""

    name: str
    tests: list[str]
    wanted: int
    drawn: Iterator[Mutant]
    sources: dict[str, str]  # as they were when the mutants were drawn
    verdicts: dict[Mutant, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def native(self) -> bool:
        """Whether its sources are the core's."""
        return not all(path.endswith(".py") for path in self.sources)

    def counted(self, *verdicts: str) -> list[Mutant]:
        """The mutants with one of these verdicts."""
        return [mutant for mutant, verdict in self.verdicts.items() if verdict in verdicts]

    @property
    def score(self) -> float:
        """The share of the mutants that was killed."""
        return len(self.counted("killed", "late")) / max(
            1, len(self.counted("killed", "late", "survived"))
        )


def equivalents() -> dict[Key, str]:
    """The mutants that are known to compute the same, and why."""
    listed = tomllib.loads((HERE / "equivalents.toml").read_text()).get("equivalent", [])
    return {Key(e["path"], e["where"], e["before"], e["after"]): e["why"] for e in listed}


def texts(patterns: list[str], left_out: list[str]) -> dict[str, str]:
    """The sources that these patterns name."""
    names = sorted(name for pattern in patterns for name in glob.glob(pattern, root_dir=ROOT))
    return {name: (ROOT / name).read_text() for name in names if name not in left_out}


def ordered(sources: dict[str, str], seed: int) -> list[Mutant]:
    """Every mutant of these sources that is not known to be equivalent, in the seed's order."""
    known, found = equivalents(), {}
    for name, source in sources.items():
        mutants = (python_mutants if name.endswith(".py") else native_mutants)(source, name)
        found |= {key(mutant, source): mutant for mutant in mutants}
        for gone in [k for k in known if k.path == name and k not in found]:
            print(f"equivalents.toml names a change that {name} has no place for: {gone.before}")
    return [found[name] for name in sorted(found, key=lambda k: k.rank(seed)) if name not in known]


def planned(options: argparse.Namespace) -> list[Part]:
    """The parts that the command line asks for."""
    plan = tomllib.loads((HERE / "plan.toml").read_text())
    if missing := set(options.modules) - set(plan):
        raise SystemExit(f"The plan has no {', '.join(sorted(missing))}; it has {', '.join(plan)}.")
    parts = []
    for name in options.modules or plan:
        part = plan[name]
        tests = [test for test in part["tests"] if (ROOT / test).exists()]
        sources = texts(part["sources"], part.get("leave_out", []))
        mutants = iter(ordered(sources, options.seed))
        parts.append(Part(name, tests, options.mutants or part["mutants"], mutants, sources))
    return parts


def usual_seconds(shop: Workshop, part: Part) -> float:
    """How long the tests take on the unchanged tree, where they have to pass."""
    answer = shop.ask(part.tests, 1800.0)
    if answer["code"] != 0:
        raise SystemExit(f"The tests of {part.name} fail without a mutant: {answer}")
    return answer["seconds"]


def judge(part: Part, shops: list[Workshop]) -> None:
    """Judge mutants side by side until as many programs as wanted have a verdict."""
    begin, lock = time.monotonic(), threading.Lock()
    seconds = max(MIN_SECONDS, SLOWDOWN * len(shops) * usual_seconds(shops[0], part))

    def next_mutant() -> Mutant | None:
        with lock:
            waiting = len(part.counted("waiting", "killed", "late", "survived"))
            mutant = next(part.drawn, None) if waiting < part.wanted else None
            if mutant is not None:
                part.verdicts[mutant] = "waiting"
            return mutant

    def work(shop: Workshop) -> None:
        while mutant := next_mutant():
            verdict = shop.verdict(mutant, part.sources[mutant.path], part.tests, seconds)
            part.verdicts[mutant] = verdict
            if verdict == "survived":
                show_survivor(part, mutant)

    threads = [threading.Thread(target=work, args=(shop,)) for shop in shops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    part.seconds = time.monotonic() - begin


def show_survivor(part: Part, mutant: Mutant) -> None:
    """Print it as a diff, as soon as it is known."""
    diff = mutant.diff(part.sources[mutant.path])
    print(f"\n-- survived in {part.name}: {mutant.where}, {mutant.kind}\n{diff}", flush=True)


def report(part: Part) -> None:
    """The score of a part."""
    killed, late = len(part.counted("killed")), len(part.counted("late"))
    survived = len(part.counted("survived"))
    print(
        f"{part.name}: {100 * part.score:.1f} % killed "
        f"({killed + late} of {killed + late + survived}, {late} by time), {part.seconds:.0f} s",
        flush=True,
    )


def show(parts: list[Part]) -> None:
    """Print the sample."""
    for part in parts:
        for _, mutant in zip(range(part.wanted), part.drawn, strict=False):
            before, after = mutant.lines(part.sources[mutant.path])
            print(f"{part.name}: {mutant.where}, {mutant.kind}\n    {before}\n    {after}")


def main(options: argparse.Namespace) -> int:
    """Judge the parts one after the other; 1 where one falls short of the score."""
    parts = planned(options)
    if options.list:
        show(parts)
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        shops = [Workshop(Path(folder) / str(k)) for k in range(options.jobs)]
        try:
            if any(part.native for part in parts):
                for shop in shops:
                    if not shop.prepare_core():
                        raise SystemExit("The native core cannot be built here (scripts/build).")
            for part in parts:
                judge(part, shops)
                report(part)
        finally:
            for shop in shops:
                shop.close()
    short = [part.name for part in parts if part.score < options.score]
    print("\n".join(f"{part.name:15} {100 * part.score:5.1f} %" for part in parts))
    return 1 if short else 0
