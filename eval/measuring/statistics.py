"""Confidence intervals of metrics, and tests of their differences. Pure functions.

Cases of one document are not independent of each other: a document that is read badly takes all of
its cases along. So if cases come from several documents, means are judged by documents
(`clusters`). With fewer than five documents, nobody could say how much they vary, so means are
judged by cases. Random draws always have the same seed. scipy is slow to import, so imported late.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

SIGNIFICANT = 0.05
"""The significance level: a difference with a smaller p is not called noise."""

POWER = 0.8
"""The power of the test at the smallest loss that a set is said to notice."""

CLUSTERS = 5
"""How many documents with several cases it takes to judge means by documents."""

Z = 1.959963984540054
"""The normal distribution's 97.5% quantile."""

RESAMPLES = 9_999
SEED = 20211015

Interval = tuple[float, float]


@dataclass(frozen=True)
class Metric:
    """A figure over n cases, with its 95% interval if it has one."""

    value: float | None
    n: int
    interval: Interval | None = None


def rate(count: int, n: int) -> Metric:
    """Return a share with Wilson's interval, to four digits."""
    if n == 0:
        return Metric(None, 0)
    low, high = wilson(count / n, n)
    return Metric(round(count / n, 4), n, (round(low, 4), round(high, 4)))


def share(values: Iterable[bool | None]) -> Metric:
    """Return the share of true values among those that are not None."""
    known = [value for value in values if value is not None]
    return rate(sum(known), len(known))


def mean(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None, least: float = 0.0
) -> Metric:
    """Return the mean of values between `least` and 1 with its interval, to four digits."""
    if not values:
        return Metric(None, 0)
    span = 1 - least
    found = share_interval([(value - least) / span for value in values], clusters)
    interval = None
    if found:
        low, high = (round(least + span * end, 4) for end in found)
        interval = (low, high)
    return Metric(round(sum(values) / len(values), 4), len(values), interval)


def percentile(values: Iterable[float | None], percent: int) -> Metric:
    """Return a percentile of the values that are not None, linear between two of them."""
    import numpy

    known = [value for value in values if value is not None]
    if not known:
        return Metric(None, 0)
    return Metric(round(float(numpy.percentile(known, percent)), 3), len(known))


def wilson(share: float, n: float) -> Interval:
    """Return Wilson's 95% interval of a share of n (Wilson, JASA 1927).

    n need not be whole: see `share_interval`.
    """
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    reach = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mcnemar(broken: int, mended: int) -> float:
    """Return the p of McNemar's exact test: could so uneven a change be chance?

    Under chance each case that changed is as likely to have broken as to have been mended
    (McNemar, Psychometrika 1947): a two-sided binomial test of the changed ones.
    """
    if broken + mended == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(broken, broken + mended, 0.5).pvalue)


def mean_interval(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> Interval | None:
    """Return the 95% interval of a mean; None for fewer than two values.

    Student's t with the cluster-robust variance (see `_standard_error`). With a cluster for each
    value this is the usual interval of a mean. Bootstrapping the clusters instead gives too narrow
    an interval if they are few.
    """
    found = _standard_error(values, clusters)
    if found is None:
        return None
    error, t = found
    mean = sum(values) / len(values)
    return mean - t * error, mean + t * error


def paired_interval(values: Sequence[int], clusters: Sequence[Hashable] | None = None) -> Interval:
    """Return the 95% interval of the mean of differences that are -1, 0 or 1.

    The interval for two paired shares by Bonett and Price (British Journal of Mathematical and
    Statistical Psychology 2012), which adds one case that broke and one that was mended. It does
    not shrink to nothing if nothing changed. With enough documents (see `counted`), it is at least
    as wide as the interval by documents.
    """
    n = len(values)
    broken = (values.count(-1) + 1) / (n + 2)
    mended = (values.count(1) + 1) / (n + 2)
    middle = mended - broken
    reach = Z * math.sqrt((mended + broken - middle**2) / (n + 2))
    low, high = max(-1.0, middle - reach), min(1.0, middle + reach)
    if counted(clusters) and (others := mean_interval(values, clusters)):
        low, high = min(low, others[0]), max(high, others[1])
    return low, high


def share_interval(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> Interval | None:
    """Return the 95% interval of the mean of values from 0 to 1; None for fewer than two.

    Wilson's interval for the number of yes-or-no values that would give the same variance:
    n = m(1 - m) / variance of the mean, times (z / t)^2 for the degrees of freedom (Korn and
    Graubard, Survey Methodology 1998). Unlike the t interval, it stays within 0 and 1, and keeps
    its coverage if nearly all values are 1.
    """
    found = _standard_error(values, clusters)
    if found is None:
        return None
    error, t = found
    n = len(values)
    mean = sum(values) / n
    if not error or not 0 < mean < 1:
        return wilson(min(max(mean, 0.0), 1.0), n)
    return wilson(mean, mean * (1 - mean) / error**2 * (Z / t) ** 2)


def _standard_error(
    values: Sequence[float], clusters: Sequence[Hashable] | None
) -> tuple[float, float] | None:
    """Return the standard error of a mean, and the t that goes with it.

    The variance is G / (G - 1) * sum(u_g^2) / n^2, u_g the sum of a cluster's deviations from the
    mean, with G - 1 degrees of freedom (Liang and Zeger, Biometrika 1986).
    """
    n = len(values)
    if n < 2:
        return None
    from scipy.stats import t

    mean = sum(values) / n
    sums = _sums([value - mean for value in values], clusters)
    count = len(sums)
    error = math.sqrt(count / (count - 1) * sum(each * each for each in sums)) / n
    return error, float(t.ppf(0.975, count - 1))


def permutation(differences: Sequence[float], clusters: Sequence[Hashable] | None = None) -> float:
    """Return the p of a sign-flip permutation test of paired differences.

    Fisher's randomisation test on their sum (The Design of Experiments, 1935); the signs of a
    cluster flip together. Exact if there are few, otherwise 9,999 draws (scipy's
    `permutation_test`).
    """
    sums = [each for each in _sums(differences, clusters) if each]
    if len(sums) < 2:
        return 1.0  # By chance, a single cluster has either sign equally often.
    import numpy
    from scipy.stats import permutation_test

    def total(drawn: numpy.ndarray, axis: int) -> numpy.ndarray:
        return drawn.sum(axis=axis)  # type: ignore[no-any-return]

    found = permutation_test(
        (numpy.array(sums),),
        total,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=1_000,
        rng=SEED,
    )
    return float(found.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number (Holm, Scandinavian Journal of Statistics 1979)."""
    adjusted = [0.0] * len(values)
    largest = 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[at]))
        adjusted[at] = largest
    return adjusted


def power(n: int, breaking: float, mending: float) -> float:
    """Return how often McNemar's test finds more broken than mended cases among n.

    `breaking` and `mending` are the probabilities that a case breaks or is mended. Exact: sums over
    all possible numbers of changed cases, which are binomial.
    """
    import numpy
    from scipy.stats import binom

    changing = breaking + mending
    if changing <= 0:
        return 0.0
    changed = numpy.arange(n + 1)
    # How many of them must be broken, at the least, for a two-sided p below SIGNIFICANT.
    enough = binom.isf(SIGNIFICANT / 2, changed, 0.5) + 1
    found = binom.sf(enough - 1, changed, breaking / changing)
    return float((binom.pmf(changed, n, changing) * found).sum())


def smallest_loss(n: int, mending: float = 0.0) -> float | None:
    """Return the smallest net loss that McNemar's test finds 80% of the time, as a share.

    `mending` is the share of cases that are mended at the same time, by chance or not. None when no
    loss would be found.
    """
    most = n - round(2 * mending * n)
    if most < 1 or power(n, mending + most / n, mending) < POWER:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if power(n, mending + middle / n, mending) < POWER:
            low = middle
        else:
            high = middle
    return high / n


def counted(clusters: Sequence[Hashable] | None) -> bool:
    """Whether there are enough clusters of several values to say how much clusters vary."""
    return sum(size > 1 for size in Counter(clusters or ()).values()) >= CLUSTERS


def _sums(values: Sequence[float], clusters: Sequence[Hashable] | None) -> list[float]:
    """Return the sum of each cluster; the values themselves if there are too few clusters."""
    if not counted(clusters):
        return list(values)
    sums: dict[Hashable, float] = {}
    for value, cluster in zip(values, clusters or (), strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value
    return list(sums.values())
