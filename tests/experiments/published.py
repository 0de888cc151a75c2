"""Figures that others have published, each with where it is from."""

SAMPLE_RATIOS = [
    # Counts that should be equal, and the p-value.
    ((600, 400), 2.5396e-10),  # Wikipedia, "Sample ratio mismatch"
    ((44_000, 45_000), 0.00080228),  # Lukas Vermeer's SRM checker, srm.osc.garden
    (
        (821_588, 815_482),
        1.8218e-06,
    ),  # Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments", 2020
]

# statsmodels, documentation of proportions_ztest: 5 of 83 against 12 of 99.
TWO_PROPORTIONS = ((5, 83), (12, 99), -1.4078304151, 0.1591812918)

# Evan Miller's sample size calculator: 20% +- 5 points, alpha .05, power .8.
PER_ARM = 1030

# confseq, test/uniform_boundaries_unittest.cpp (computed by its authors in R): v_opt 100, alpha .05; the logarithm of
# the mixture at s 10 and v 100, and the bound at v 100 for alpha .05.
BEST_RHO = 12.60056
MIXTURES = {
    "two-sided normal": (-0.6510052, 30.35209),
    "one-sided normal": (-0.06502391, 27.66071),
    "gamma-exponential": (-0.2490165, 33.02017),  # c = 2
    "gamma-poisson": (-0.06991219, 30.1949),  # c = 2
    "two-sided beta-binomial": (-0.6941012, 31.4308),  # g .2, h .8
    "one-sided beta-binomial": (-0.07134019, 28.41238),  # g .2, h .8
}

# GrowthBook, packages/stats/tests: 1396 of 3000 against 2422 of 3461, N* 5000; relative lift, its error, the sequence,
# and the interval of its ordinary test.
GROWTHBOOK_RATES = ((1396, 3000), (2422, 3461), 0.50386, 0.03386, (0.40098, 0.60675))
GROWTHBOOK_FIXED = (0.4375, 0.5702)
# The same, amounts: lift, error, N of both arms, N*, the sequence.
GROWTHBOOK_AMOUNTS = (0.50336, 0.33341, 6461, 1000, (-0.55844, 1.56516))

# Spotify's confidence, test_seq_bounds_run_over: alpha .01, looks at these contacts, planned for 300 but run over;
# alphas to 1e-4.
SPOTIFY_CONTACTS = (250, 450, 630, 810)
SPOTIFY_ALPHAS = (0.00095, 0.00241, 0.00410, 0.00636)

# Five looks, alpha .05: O'Brien and Fleming 1979, Pocock 1977, as in Jennison and Turnbull 2000.
OBRIEN_FLEMING = (4.56, 3.23, 2.63, 2.28, 2.04)
POCOCK = 2.413
# The same five looks by spending functions, as the package ldbounds documents.
SPENT_OBRIEN_FLEMING = (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)
SPENT_POCOCK = (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)
# False alarms of a test at 5% that is looked at so often: Armitage, McPherson and Rowe 1969 (30 looks: simulated).
PEEKED = {1: 0.05, 2: 0.083, 5: 0.142, 10: 0.193, 30: 0.28}

# Evan Miller, "Formulas for Bayesian A/B testing": chance that the second of two beta distributions is higher.
BETAS = ((11, 91), (16, 86), 0.85328)

# scikit-uplift, sklift/tests/test_metrics.py: outcomes, scores, treated, Qini coefficient, area of the uplift curve.
QINI = [
    ((1, 1), (0.1, 0.3), (0, 1), 1.0, 1.0),
    ((1, 1), (0.1, 0.3), (1, 0), 0.0, -1.0),
    ((0, 1), (0.1, 0.3), (1, 0), 1.0, 0.0),
    ((1, 0), (0.1, 0.3), (0, 1), 1.0, 1.0),
    ((0, 1, 2), (0.1, 0.3, 0.9), (0, 1, 0), -0.5, -1.333333),
    ((0, 1, 2), (0.1, 0.3, 0.9), (1, 0, 1), 0.75, 1.333333),
]
