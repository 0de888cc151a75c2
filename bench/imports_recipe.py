"""The usual recipe from a CSV file of orders to groups of customers: pandas, SQLite, scikit-learn; nothing of ours."""

import json
import sqlite3

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler


def main(path: str, database: str) -> None:
    """Read the file, keep it in a table, group the customers, and print what was found."""
    orders = pd.read_csv(path, parse_dates=["placed_at"]).drop_duplicates("number")
    with sqlite3.connect(database) as connection:
        orders.to_sql("orders", connection, index=False, chunksize=10_000)
        connection.execute("CREATE UNIQUE INDEX number ON orders (number)")
        connection.execute("CREATE INDEX customer ON orders (customer_id, placed_at)")
    good = orders[orders.status != "cancelled"]
    now = good.placed_at.max()
    found = good.groupby("customer_id").agg(
        last=("placed_at", "max"), frequency=("number", "count"), money=("total", "sum")
    )
    found["recency"] = (now - found["last"]).dt.days
    values = np.log1p(found[["recency", "frequency", "money"]].to_numpy())
    scaled = StandardScaler().fit_transform(values)
    tried = {}
    for groups in range(2, 9):
        labels = KMeans(n_clusters=groups, n_init="auto", random_state=1).fit_predict(scaled)
        apart = silhouette_score(scaled, labels, sample_size=2_000, random_state=1)
        tried[apart] = labels
    found["group"] = tried[max(tried)]
    means = found.groupby("group")[["recency", "frequency", "money"]].mean()
    print(json.dumps({"orders": len(orders), "groups": len(means)}))
