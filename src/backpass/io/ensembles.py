"""What a model file holds of an ensemble: numbers of the codes, members, and θ of those that count.

Members without a share have no part in the answers, so that only their settings, scores and curves
are kept.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from ..errors import InvalidInput
from ..network import Network
from ..storage.packing import Json, Unpacker
from ..storage.records import RecordPacker, RecordUnpacker
from ..tabular.ensemble import Ensemble, Pack
from ..tabular.members.codes import MemberCodes, NumberCodes, ScaledNumber
from ..tabular.members.member import DTYPE, Member
from ..tabular.members.normal_shape import NormalShape
from ..tabular.members.profiles import MemberSettings
from ..tabular.members.target_means import TargetMeans
from ..tabular.outputs import ClassOutputs, LogOutputs, NumberOutputs, Outputs
from ..training.jobs import JobResult
from ..training.stop import StopReason

VERSION = 1
NUMBERS, CURVES, THETA = "ensemble", "curve.ensemble", "theta."  # the arrays' names in a file
RECORDS = (
    ClassOutputs,
    LogOutputs,
    MemberCodes,
    MemberSettings,
    NormalShape,
    NumberCodes,
    NumberOutputs,
    ScaledNumber,
    TargetMeans,
)


def to_plain(ensemble: Ensemble, arrays: dict[str, np.ndarray]) -> Json:
    """Take an ensemble apart into arrays, which get names of their own, and JSON."""
    numbers, curves = RecordPacker(NUMBERS, RECORDS), RecordPacker(CURVES)
    packs: list[Json] = []
    for pack in ensemble.packs:
        own = {each: getattr(pack, each) for each in _of_a_pack() if each != "costs"}
        members: list[Json] = []
        for member, weight in zip(pack.members, pack.weights.tolist()):
            theta = f"{THETA}{len(packs)}.{len(members)}" if weight else None
            if theta is not None:
                arrays[theta] = np.asarray(member.theta)
            members.append(_member_to_plain(member, theta, numbers, curves))
        costs = curves.pack(pack.costs, "")
        packs.append({"own": numbers.pack(own, ""), "costs": costs, "members": members})
    return {
        "version": VERSION,
        "outputs": numbers.pack(ensemble.outputs, ""),
        "packs": packs,
        "numbers": numbers.stored(arrays),
        "curves": curves.stored(arrays),
    }


def from_plain(plain: Json, unpacker: Unpacker) -> Ensemble:
    """Put an ensemble together again.

    Raises
    ------
    InvalidInput
        If it is of a later version, or its parts do not fit together.
    """
    if plain["version"] != VERSION:
        raise InvalidInput(
            f"The file's ensemble has the version {plain['version']!r}, and this backpass reads "
            f"{VERSION}."
        )
    arrays = unpacker.arrays
    numbers = RecordUnpacker(NUMBERS, RECORDS, arrays, plain["numbers"])
    curves = RecordUnpacker(CURVES, (), arrays, plain["curves"])
    packs: list[Pack] = []
    for stored in plain["packs"]:
        members = [_member(each, numbers, curves, unpacker) for each in stored["members"]]
        own = numbers.unpack(stored["own"])
        packs.append(Pack(**own, members=members, costs=curves.unpack(stored["costs"])))
    ensemble = Ensemble(numbers.unpack(plain["outputs"]), tuple(packs))
    _check(ensemble)
    return ensemble


def _of_a_pack() -> list[str]:
    """What a pack has beside its members."""
    return [each.name for each in fields(Pack) if each.name != "members"]


def _member_to_plain(
    member: Member, theta: str | None, numbers: RecordPacker, curves: RecordPacker
) -> Json:
    result, net = member.result, member.net
    told = (result.J_curve, result.validation_scores, result.validation_losses)
    return {
        "settings": numbers.pack(member.settings, ""),
        "codes": numbers.pack(member.codes, ""),
        "network": numbers.pack((net.sizes, net.hidden, net.loss), ""),
        "theta": theta,
        "reason": None if result.reason is None else result.reason.name,
        "epochs": result.epochs,
        "curves": [curves.pack(np.array(each, np.float64), "") for each in told],
    }


def _member(
    plain: Json, numbers: RecordUnpacker, curves: RecordUnpacker, unpacker: Unpacker
) -> Member:
    net = Network(*numbers.unpack(plain["network"]))
    theta = None if plain["theta"] is None else unpacker.arrays[plain["theta"]]
    reason = None if plain["reason"] is None else StopReason[plain["reason"]]
    told = [curves.unpack(each).tolist() for each in plain["curves"]]
    result = JobResult(theta, reason, plain["epochs"], *told)
    settings, codes = numbers.unpack(plain["settings"]), numbers.unpack(plain["codes"])
    return Member(settings, codes, net, theta, result)


# --- what answers depend on fits together ------------------------------------------------------


def _check(ensemble: Ensemble) -> None:
    """Raise where parts of a file that was made to be wrong do not fit together."""
    _check_outputs(ensemble.outputs)
    _expect(bool(ensemble.packs), "an ensemble of no members")
    for pack in ensemble.packs:
        _check_pack(pack)
        _check_errors(pack.errors, ensemble.outputs.units)
        for member, weight in zip(pack.members, pack.weights.tolist()):
            _check_codes(member.codes)
            _check_member(member, ensemble.outputs)
            _expect(member.theta is not None or not weight, "a member without its theta")
        for table in pack.means.tables:
            _expect(
                table.ndim == 2 and table.shape[1] == ensemble.outputs.units and len(table) > 0,
                "target means of another shape than the targets'",
            )


def _check_outputs(outputs: object) -> None:
    if isinstance(outputs, ClassOutputs):
        sizes = outputs.sizes
        _expect(bool(sizes) and all(type(n) is int and n > 0 for n in sizes), "targets of no class")
        return
    if not isinstance(outputs, NumberOutputs):
        raise InvalidInput("The file holds answers that are neither classes nor numbers.")
    of = (outputs.mean, outputs.deviation, outputs.low, outputs.high)
    if isinstance(outputs, LogOutputs):
        of += (outputs.log_mean, outputs.log_deviation)  # type: ignore[assignment]
        _expect((of[0] + of[1] * of[2] > 0).all(), "logarithms of numbers that have none")
    _expect(all(_are_numbers(each) and each.shape == of[0].shape for each in of), "other targets")
    _expect(len(of[0]) > 0 and (of[1] > 0).all(), "a target whose deviation is not positive")


def _check_pack(pack: Pack) -> None:
    n = len(pack.members)
    _expect(
        n > 0
        and _are_numbers(pack.weights)
        and pack.weights.shape == pack.costs.shape == (n,)
        and (pack.weights >= 0).all()
        and abs(pack.weights.sum() - 1) < 1e-6,
        "shares of members that are none",
    )
    _expect(type(pack.held_out) is int and pack.held_out > 0, "a choice by no rows")


def _check_errors(errors: np.ndarray | None, units: int) -> None:
    _expect(
        errors is None
        or (errors.dtype == np.float64 and errors.ndim == 2 and errors.shape[1] == units),
        "errors of other targets",
    )


def _check_member(member: Member, outputs: Outputs) -> None:
    net, theta = member.net, member.theta
    _expect(
        net.sizes[0] == member.codes.inputs
        and net.sizes[-1] == outputs.units
        and net.loss.name == outputs.loss,
        f"a member, {net}, of other inputs or targets",
    )
    _expect(
        theta is None or (theta.dtype == DTYPE and theta.shape == (net.n_parameters,)),
        f"a theta that is none of {net}",
    )


def _check_codes(codes: MemberCodes) -> None:
    """Raise where a code is none; its edges are looked at where the encoder is made."""
    for number in codes.numbers:
        if isinstance(number, ScaledNumber):
            _expect(number.deviation > 0, "a number whose deviation is not positive")
            continue
        knots, shares = number.shape.knots, number.shape.shares
        _expect(
            _are_numbers(knots)
            and _are_numbers(shares)
            and knots.shape == shares.shape
            and len(knots) > 0
            and (np.diff(knots) >= 0).all()
            and (np.diff(shares) >= 0).all(),
            "a normal shape that is none",
        )
    for levels in codes.indicators.values():
        _expect(levels.ndim == 1 and levels.dtype.kind == "i" and len(levels) > 0, "no levels")


def _are_numbers(array: np.ndarray) -> bool:
    return array.dtype == np.float64 and array.ndim == 1


def _expect(fits: bool | np.bool_, what: str) -> None:
    if not fits:
        raise InvalidInput(f"The file holds {what}.")
