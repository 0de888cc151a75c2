"""BG/NBD by ``lifetimes``, which nobody maintains: run in an environment of its own, made for it and thrown away."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from lifetimes import BetaGeoFitter  # type: ignore[import-not-found]

from bench.analytics_child import Work, main


def _fit(bought: pd.DataFrame) -> BetaGeoFitter:
    warnings.simplefilter("ignore")
    model = BetaGeoFitter(penalizer_coef=0.0)
    return model.fit(bought.frequency, bought.recency, bought.age)


def _keep(model: BetaGeoFitter, _: Path) -> Mapping[str, Any]:
    # What it keeps itself is the mean over customers, of times in a unit of its own.
    bought = model.data
    columns = (bought.frequency, bought.recency, bought["T"], bought.weights)
    logs = np.log([model.params_[name] for name in ("r", "alpha", "a", "b")])
    likelihood = -model._negative_log_likelihood(logs, *columns, 0.0) * len(bought)
    return {name: float(value) for name, value in model.params_.items()} | {
        "log_likelihood": float(likelihood)
    }


if __name__ == "__main__":
    main({"bgnbd": Work(pd.read_parquet, _fit, _keep)})
