"""What the members of a tabular estimator are asked for: profiles, drawn from, by rows.

Member j takes profile j mod 4, so that a few members already are unlike each other: fine codes with
little decay, coarser ones with more, a third hidden layer, and a calm one (coarse, dropout, strong
decay, a slower rate) for noisy tables. Later packs have more that is calm where the calm member of
the first did well; where it did worst, they have nothing of it, and more epochs: there the best
epoch is nearly always the last. Rates and decay are drawn log-uniformly in a profile's ranges, from
a generator of the member's own.

Measured on inner splits of 15 tables, 4 packs of 4, 100 · ln of the loss against the same four
profiles in every pack: −0.5 (bike −4.8, bank and wine −1.2, adult and concrete −0.5, mammography
+1.3, the others −0.2 to +0.3); bank's errors −2.4 %, adult's −1.0 %. Alone, members with a third
layer and mild dropout lose 2 to 4 % less than plain ones where a table is noisy, 5 to 27 % more
where it is not. With 1.5 times the epochs where the calm member did worst: bike −16.9, kin40k −5.4,
california, diamonds, airfoil −0.4, phoneme, elevators 0.0, at 1.3 times the cost. Shorter schedules
where the best epoch came early cost more than they save: magic +0.6, mammography +1.5.

The ranges and the rules for sizes were chosen on tables with 900 to 39,000 rows. Twice the width or
half the batch gains less there than it costs; half the epochs lose 5 % of the loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

MEMBERS = 16  # at least, where nothing says how many
MEMBERS_IN_BLOCKS = 4  # of a table larger than memory, each of which reads it in every epoch
PACK = 4  # members that share a parting of the rows: one of each profile
WARM_UP = 0.05  # part of the steps
LEARNING_RATES = (2e-3, 5e-3)  # AdamW's, for the last layer and the biases


@dataclass(frozen=True)
class Profile:
    """The ranges in which a kind of member is drawn.

    Parameters
    ----------
    name : str
        What it is called.
    depth : int
        Hidden layers.
    bins : int
        Of a number's piecewise-linear code, at most.
    matrix_rates : tuple (low, high)
        Muon's, for hidden matrices.
    decays : tuple (low, high)
        The optimiser's weight decay, which is multiplied by the rate.
    dropouts : tuple (low, high)
        Of hidden units; drawn uniformly.
    activation : str
        Of the hidden layers.
    longer : float
        Times the epochs that rows alone would have.
    """

    name: str
    depth: int
    bins: int
    matrix_rates: tuple[float, float]
    decays: tuple[float, float]
    dropouts: tuple[float, float] = (0.0, 0.0)
    activation: str = "relu"
    longer: float = 1.0


FINE = Profile("fine", 2, 48, (0.04, 0.09), (0.06, 0.15))
PLAIN = Profile("plain", 2, 32, (0.04, 0.09), (0.12, 0.30))
COARSE = Profile("coarse", 2, 16, (0.04, 0.09), (0.20, 0.50))
DEEP = Profile("deep", 3, 24, (0.04, 0.09), (0.10, 0.30))
STEADY = Profile("steady", 3, 24, (0.04, 0.09), (0.15, 0.40), (0.10, 0.25))
SMOOTH = Profile("smooth", 3, 24, (0.025, 0.05), (0.30, 0.50), (0.10, 0.25), "silu")
CALM = Profile("calm", 2, 16, (0.02, 0.05), (0.30, 0.60), (0.10, 0.35), "silu")

PROFILES = (FINE, PLAIN, DEEP, CALM)
LATER = (  # by how many of the others did better than the calm one
    (COARSE, STEADY, SMOOTH, CALM),
    (PLAIN, DEEP, STEADY, SMOOTH),
    PROFILES,
    tuple(replace(each, longer=1.5) for each in (FINE, PLAIN, DEEP, COARSE)),
)


@dataclass(frozen=True)
class MemberSettings:
    """Everything that a member's training is asked for.

    Parameters
    ----------
    number : int
        Its place among the members, from 0.
    profile : str
        The profile that it was drawn from.
    hidden : tuple of int
        Units of the hidden layers.
    activation : str
        Theirs.
    bins : int
        Of a number's code, at most.
    learning_rate, matrix_rate : float
        AdamW's and Muon's, at their highest.
    weight_decay : float
        Of all matrices, times the rate.
    dropout : float
        Of hidden units.
    batch_size, max_epochs, patience : int
        Rows of a step; epochs at most, and without a better score until it ends.
    seed : int
        For the start, the order of the rows and the masks.
    """

    number: int
    profile: str
    hidden: tuple[int, ...]
    activation: str
    bins: int
    learning_rate: float
    matrix_rate: float
    weight_decay: float
    dropout: float
    batch_size: int
    max_epochs: int
    patience: int
    seed: int


def members_for(m: int) -> int:
    """Members where nothing says how many: 24 up to 6,000 rows, 16 from 12,000 on; whole packs.

    Few rows are cheap, and their packs are unlike: 24 instead of 16 members change 100 · ln of the
    loss by −2.6 (airfoil), −1.6 (phoneme), −1.0 (mammography), −0.9 (concrete), −0.3 (magic) and
    ±0.2 (german, abalone, wine) on inner splits.

    Examples
    --------
    >>> [members_for(m) for m in (100, 6_000, 9_000, 12_000, 1_000_000)]
    [24, 24, 20, 16, 16]
    """
    packs = MEMBERS // PACK
    return PACK * round(min(max(packs + 2 - 2 * np.log2(m / 6_000), packs), packs + 2))


def width_for(m: int) -> int:
    """Units of a hidden layer: 64 up to 5,000 rows, 96 from 8,000 on; a multiple of 16.

    Examples
    --------
    >>> [width_for(m) for m in (100, 5_000, 7_000, 8_000, 1_000_000)]
    [64, 64, 80, 96, 96]
    """
    return 16 * round(min(max(np.sqrt(m) / 16, 64 / 16), 96 / 16))


def batch_size_for(m: int) -> int:
    """Rows of a step: about 1/28 of all, between 32 and 256, and more from 40,000 rows on.

    Of sizes near that it is the most even: a small last batch would step as far as a full one, in a
    direction that is mostly noise. Of 80,000 drawn rows of 20 columns, 10 epochs with 256, 400, 800
    and 1,600 rows a step end at a mean square of 0.0770, 0.0760, 0.0755 and 0.0805 (with a third
    layer 0.0820, 0.0785, 0.0754, 0.0764); of 270,000, 6 epochs with 250, 450, 900, 1,800 and 3,600
    at 0.0731, 0.0706, 0.0684, 0.0684 and 0.0705 (0.0784, 0.0737, 0.0705, 0.0685, 0.0693), and take
    half as long with 900 as with 250.

    Examples
    --------
    >>> [batch_size_for(m) for m in (10, 1_025, 2_000, 39_000, 100_000, 1_000_000)]
    [10, 38, 69, 260, 500, 3125]
    """
    usual = min(max(m / 28, 32), 256) * max(m / 40_000, 1) ** 0.75
    near = range(round(0.9 * usual), round(1.1 * usual) + 1)
    # −m mod b rows are lacking in the last of the batches of b.
    return min((min(b, m) for b in near), key=lambda b: (-m % b / b, abs(b - usual)))


def max_epochs_for(m: int) -> int:
    """Epochs at most: 10 from 18,000 rows on; few rows are seen more often, up to 48 times.

    Examples
    --------
    >>> [max_epochs_for(m) for m in (500, 2_000, 8_000, 18_000, 1_000_000)]
    [48, 30, 15, 10, 10]
    """
    return round(10 * min(max(np.sqrt(18_000 / m), 1.0), 4.8))


def later_profiles(costs: Mapping[str, float]) -> tuple[Profile, ...]:
    """Profiles of a pack's members, by what the members of the first pack cost.

    Parameters
    ----------
    costs : mapping from str to float
        The metric on held-out rows, by profile; the first pack itself has none.

    Returns
    -------
    tuple of Profile
        ``PROFILES``, where not all of these have a cost.

    Examples
    --------
    >>> [each.name for each in later_profiles({"fine": 3, "plain": 1, "deep": 2, "calm": 9})]
    ['fine', 'plain', 'deep', 'coarse']
    """
    if not all(each.name in costs for each in PROFILES):
        return PROFILES
    cost = {name: np.inf if np.isnan(each) else each for name, each in costs.items()}
    return LATER[sum(cost[each.name] < cost[CALM.name] for each in PROFILES)]


def draw_settings(
    number: int, m: int, seed: int, profiles: Sequence[Profile] = PROFILES
) -> MemberSettings:
    """Draw what one member is asked for.

    Parameters
    ----------
    number : int
        Which member, from 0.
    m : int
        Rows that it is trained on.
    seed : int
        Of all members.
    profiles : sequence of Profile
        What members are drawn from in turn.

    Returns
    -------
    MemberSettings
        The same for the same numbers and profiles.

    Examples
    --------
    >>> settings = draw_settings(2, m=3_000, seed=0)
    >>> settings.profile, settings.hidden, settings.bins
    ('deep', (64, 64, 64), 24)
    """
    profile = profiles[number % len(profiles)]
    rng = np.random.default_rng([seed, number])
    epochs = round(profile.longer * max_epochs_for(m))
    return MemberSettings(
        number,
        profile.name,
        (width_for(m),) * profile.depth,
        profile.activation,
        profile.bins,
        learning_rate=_log_uniform(rng, LEARNING_RATES),
        matrix_rate=_log_uniform(rng, profile.matrix_rates),
        weight_decay=_log_uniform(rng, profile.decays),
        dropout=float(rng.uniform(*profile.dropouts)),
        batch_size=batch_size_for(m),
        max_epochs=epochs,
        patience=max(2, epochs // 4),
        seed=int(rng.integers(2**31)),
    )


def _log_uniform(rng: np.random.Generator, span: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(span))))
