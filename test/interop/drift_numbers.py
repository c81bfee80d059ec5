"""Works the numbers of drift out with numpy and scipy and compares them with ours.

    python drift_numbers.py CASES_JSON
"""

import json
import sys

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

from checks import check, report


def is_near(ours, theirs, tolerance=1e-9):
    return abs(ours - theirs) <= tolerance * max(abs(theirs), 1e-290)


def check_bins(case):
    """numpy.histogram over the same edges, open bins apart."""
    values = np.array(case["values"])
    counts, edges = np.histogram(values, bins=np.array(case["edges"]))
    outside = [int((values < edges[0]).sum()), int((values > edges[-1]).sum())]
    check(case["counts"] == [outside[0], *counts.tolist(), outside[1]], f"bins {case}")


def check_measures(case):
    t, u = np.array(case["training"], float), np.array(case["current"], float)
    edges = np.array(case["edges"])
    places = np.concatenate([edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]])
    ours = case["measures"]
    distance = stats.wasserstein_distance(places, places, u / u.sum(), t / t.sum())
    check(is_near(ours["wasserstein"], distance / case["scale"]), f"wasserstein {case}")
    check(is_near(ours["jensenShannon"], jensenshannon(t, u, base=2), 1e-7), f"jensenshannon {case}")
    ks = np.abs(np.cumsum(t / t.sum()) - np.cumsum(u / u.sum())).max()
    check(is_near(ours["ks"], ks), f"ks {case}")


def check_tails(case):
    n, m = case["window"], case["training"]
    x, marked = case["windowHits"], case["windowHits"] + case["trainingHits"]
    division = stats.hypergeom(n + m, marked, n)
    check(is_near(case["upper"], division.sf(x - 1), 1e-6), f"hypergeometric {case}")
    if case["twoSided"] < 1:
        smaller = min(division.sf(x - 1), division.cdf(x))
        check(is_near(case["twoSided"], min(1, 2 * smaller), 1e-6), f"two-sided {case}")


def check_range(case):
    n, m, k = case["window"], case["training"], case["beyond"]
    one = stats.betabinom(n, 1, m).sf(k - 1)
    both = stats.betabinom(n, 2, m - 1).sf(k - 1)
    # scipy sums up to the tail from below: what is left of a small tail has no digits.
    slack = 1e-9
    first = stats.hypergeom(n + m, n, k).pmf(k) if k > 0 else 1
    check(is_near(case["one"], first, 1e-6), f"one end {case} {first}")
    check(abs(case["one"] - one) <= 1e-6 * one + slack, f"one end {case} {one}")
    check(abs(case["both"] - both) <= 1e-6 * both + slack, f"both ends {case} {both}")


def check_shares(case):
    """Kolmogorov bounds as we work them out, against the formula."""
    n, m, d = case["window"], case["training"], case["distance"]
    check(is_near(case["bound"], min(1, np.exp(1 - 2 * n * m / (n + m) * d * d))), f"share {case}")


KINDS = {
    "bins": check_bins,
    "measures": check_measures,
    "tails": check_tails,
    "range": check_range,
    "shares": check_shares,
}


def check_exact_distances():
    """For many sizes, small and odd ones among them, our bound is above scipy's exact chance."""
    rng = np.random.default_rng(5)
    for _ in range(300):
        n, m = int(rng.integers(1, 300)), int(rng.integers(2, 300))
        one, other = rng.normal(size=n), rng.normal(rng.choice([0, 0, 0.5, 3]), size=m)
        exact = stats.ks_2samp(one, other, method="exact")
        bound = min(1, np.exp(1 - 2 * n * m / (n + m) * exact.statistic**2))
        check(bound >= exact.pvalue * (1 - 1e-9), f"bound {n} {m} {bound} {exact}")


def main(path):
    with open(path, encoding="utf8") as file:
        cases = json.load(file)
    for kind, check_case in KINDS.items():
        check(len(cases[kind]) >= 100, f"cases of {kind}")
        for case in cases[kind]:
            check_case(case)
    check_exact_distances()
    report()


main(sys.argv[1])
