"""Intervals cover what they say, p values are scipy's, and a promised loss is noticed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eval.measuring.statistics import (
    CLUSTERS,
    Metric,
    holm,
    mcnemar,
    mean,
    mean_interval,
    paired_interval,
    permutation,
    power,
    rate,
    share_interval,
    smallest_loss,
    wilson,
)

TRIALS = 2_000
COVERED = (0.93, 0.97)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("count", "n", "published"),
    [
        # Newcombe, Statistics in Medicine 1998, table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (20, 20, (0.8389, 1.0)),  # That of 0 of 20, from the other end.
    ],
)
def test_wilson_is_scipys_and_has_the_published_figures(
    count: int, n: int, published: tuple[float, float]
) -> None:
    theirs = stats.binomtest(count, n).proportion_ci(method="wilson")
    assert wilson(count / n, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    found = rate(count, n)
    assert found.interval == pytest.approx(published, abs=1e-4)
    assert found.value == pytest.approx(count / n, abs=1e-4)


def test_the_interval_of_a_mean_is_scipys(chance: np.random.Generator) -> None:
    values = chance.normal(size=30).tolist()
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((theirs.low, theirs.high))
    assert mean_interval(values, range(30)) == mean_interval(values)
    assert mean_interval(values, ["one document"] * 30) == mean_interval(values)
    assert mean_interval([1.0]) is None


def test_clusters_are_what_is_counted(chance: np.random.Generator) -> None:
    # Ten documents whose cases are all alike say as much as ten cases.
    documents = chance.random(10)
    values, clusters = np.repeat(documents, 30), np.repeat(np.arange(10), 30)
    alone = mean_interval(documents.tolist())
    assert mean_interval(values.tolist(), clusters.tolist()) == pytest.approx(alone)
    few = clusters < CLUSTERS - 1
    assert mean_interval(values[few].tolist(), clusters[few].tolist()) == mean_interval(
        values[few].tolist()
    )


@pytest.mark.parametrize("n", [50, 200])
def test_intervals_of_shares_cover(chance: np.random.Generator, n: int) -> None:
    # Over all shares: at a single one, n yes or no can only miss it by steps.
    shares = chance.uniform(0.05, 0.95, TRIALS)
    counts = chance.binomial(n, shares)
    bounds = [wilson(count / n, n) for count in counts]
    covered = [low <= share <= high for share, (low, high) in zip(shares, bounds, strict=True)]
    assert COVERED[0] <= np.mean(covered) <= COVERED[1]


@pytest.mark.parametrize("ones", [0.5, 0.8])
def test_intervals_of_means_cover(chance: np.random.Generator, ones: float) -> None:
    # As with citation precision: most are 1, the others anything between 0 and 1.
    truth, covered = ones + (1 - ones) / 2, []
    for _ in range(TRIALS):
        values = np.where(chance.random(100) < ones, 1.0, chance.random(100)).tolist()
        low, high = share_interval(values) or (0, 0)
        covered.append(low <= truth <= high)
    assert COVERED[0] <= np.mean(covered) <= COVERED[1]


@pytest.mark.parametrize("documents", [8, 24])
def test_intervals_of_differences_cover_when_cases_cling_together(
    chance: np.random.Generator, documents: int
) -> None:
    clusters = np.repeat(np.arange(documents), 20).tolist()
    found: dict[str, list[bool]] = {"by documents": [], "by cases": []}
    for _ in range(TRIALS // 2):
        shared = np.repeat(chance.normal(scale=0.5, size=documents), 20)
        values = (0.1 + shared + chance.normal(size=20 * documents)).tolist()
        for name, groups in (("by documents", clusters), ("by cases", None)):
            low, high = mean_interval(values, groups) or (0, 0)
            found[name].append(low <= 0.1 <= high)
    assert COVERED[0] <= np.mean(found["by documents"]) <= COVERED[1]
    assert np.mean(found["by cases"]) < 0.85  # which is why documents are counted


@pytest.mark.parametrize(("breaking", "mending"), [(0.0, 0.0), (0.02, 0.0), (0.05, 0.02)])
@pytest.mark.parametrize("n", [36, 100, 200])
def test_intervals_of_paired_shares_cover_where_few_cases_change(
    chance: np.random.Generator, n: int, breaking: float, mending: float
) -> None:
    drawn = chance.multinomial(n, [breaking, mending, 1 - breaking - mending], TRIALS)
    covered = []
    for broken, mended, rest in drawn.tolist():
        low, high = paired_interval([-1] * broken + [1] * mended + [0] * rest)
        covered.append(low <= mending - breaking <= high)
    assert np.mean(covered) >= COVERED[0]  # where hardly anything changes it covers nearly always


@pytest.mark.parametrize("n", [50, 200])
def test_intervals_of_paired_shares_cover(chance: np.random.Generator, n: int) -> None:
    breaking, mending = chance.uniform(0.05, 0.3, (2, TRIALS))
    covered = []
    for p, q in zip(breaking, mending, strict=True):
        broken, mended, rest = chance.multinomial(n, [p, q, 1 - p - q]).tolist()
        low, high = paired_interval([-1] * broken + [1] * mended + [0] * rest)
        covered.append(low <= q - p <= high)
    assert COVERED[0] <= np.mean(covered) <= COVERED[1]


def test_mcnemar_is_a_binomial_test() -> None:
    for broken, mended in ((0, 6), (3, 3), (8, 1), (40, 22)):
        theirs = stats.binomtest(broken, broken + mended, 0.5).pvalue
        assert mcnemar(broken, mended) == pytest.approx(theirs)
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 / 2**5)  # not yet below 0.05
    assert mcnemar(6, 0) == mcnemar(0, 6) == pytest.approx(2 / 2**6)
    assert mcnemar(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)


def test_permutation_is_scipys_where_signs_can_be_counted(chance: np.random.Generator) -> None:
    differences = chance.normal(0.4, size=11)
    theirs = stats.permutation_test(
        (differences, np.zeros(11)),
        lambda one, other, axis: (one - other).mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert permutation(differences.tolist()) == pytest.approx(theirs.pvalue)
    assert permutation([0.0, 0.0]) == permutation([]) == permutation([0.5]) == 1.0


@pytest.mark.slow
def test_permutation_is_the_same_twice_and_wrong_as_often_as_it_may(
    chance: np.random.Generator,
) -> None:
    draws = [chance.normal(size=30).tolist() for _ in range(400)]
    found = [permutation(each) for each in draws]
    assert 0.02 <= np.mean([p < 0.05 for p in found]) <= 0.08
    assert permutation(draws[0]) == found[0]


def test_signs_of_a_document_turn_together() -> None:
    # Six documents that all got better: 2 of the 64 ways to turn them are as extreme.
    values, clusters = [0.1] * 60, [n // 10 for n in range(60)]
    assert permutation(values, clusters) == pytest.approx(2 / 64)
    assert permutation(values) < 0.001


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("mending", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("n", [60, 200])
def test_a_loss_that_is_promised_to_be_noticed_is(
    chance: np.random.Generator, n: int, mending: float
) -> None:
    loss = smallest_loss(n, mending)
    assert loss is not None
    breaking = mending + loss
    drawn = chance.multinomial(n, [breaking, mending, 1 - breaking - mending], TRIALS)
    noticed = np.mean([b > m and mcnemar(b, m) < 0.05 for b, m, _ in drawn.tolist()])
    assert noticed == pytest.approx(power(n, breaking, mending), abs=0.03)
    assert 0.77 <= noticed <= 0.92
    assert power(n, mending + loss - 1 / n, mending) < 0.8


def test_a_set_that_is_too_small_notices_nothing() -> None:
    assert smallest_loss(5) is None
    assert smallest_loss(6) == 1.0  # all six must break


def test_figures_stay_between_their_ends() -> None:
    assert mean([1.0] * 10).interval == rate(10, 10).interval
    low, high = mean([1, 1, 1, 1, -1], least=-1.0).interval or (0, 0)
    assert -1 <= low < 0.6 < high <= 1
    assert mean([0.5]).interval is None
    assert mean([]).value is None
    assert rate(0, 0) == Metric(None, 0, None)
