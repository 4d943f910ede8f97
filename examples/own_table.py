"""
A table of your own
===================

What ``backpass train FILE --target COLUMN`` does, in Python: a table with gaps and categories,
trained, saved with its preprocessing, and asked about rows that it has not seen.
"""

# %%
# Some houses; a few have no area, and of some nobody knows the kind.
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import backpass as bp
from backpass.experiment.prepared import prepare
from backpass.experiment.settings import Settings
from backpass.experiment.training import run

rng = np.random.default_rng(0)
houses = pd.DataFrame({"area": rng.normal(100, 20, 200), "rooms": rng.integers(1, 9, 200)})
houses["kind"] = rng.choice(["flat", "house", "hut"], 200)
houses["price"] = 3 * houses.area + 20 * houses.rooms + 80 * (houses.kind == "house")
houses.loc[3::20, "area"] = np.nan
houses.loc[7::20, "kind"] = None

# %%
# Split, preprocess, train and test.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "houses.csv")
    houses.to_csv(path, index=False)
    settings = Settings()
    outcome = run(prepare(bp.read_table(path, target="price"), settings), settings)
    print(f"R² on the test rows: {outcome.score:.3f}")

    # The model file holds the preprocessing, so that it can take a raw table.
    bp.save(
        outcome.estimator, path.with_suffix(".backpass"), preprocessing=outcome.data.preprocessing
    )
    model = bp.load(path.with_suffix(".backpass"))

new = pd.DataFrame({"kind": ["house", None], "area": [120.0, np.nan], "rooms": [5, 4]})
print(model.predict(new).round())
