"""A thousand people with ten orders and ten deeds each: enough for ten filters to leave some of them."""

import duckdb
import pyarrow as pa

_MADE = {
    "person": """
        SELECT 'c:' || i AS person_id, NULL::VARCHAR AS contact_id,
            DATE '1940-01-01' + CAST(hash(i) % 25000 AS INT) AS born,
            ['DE', 'AT', 'CH', 'FR', 'CN', 'US'][CAST(1 + hash(i + 1) % 6 AS INT)] AS country
        FROM range({people}) t(i)""",
    "purchase": """
        SELECT 'o' || i AS order_number, 'c:' || hash(i) % {people} AS person_id,
            TIMESTAMP '2024-01-01' + to_seconds(CAST(hash(i + 1) % 63158400 AS BIGINT)) AS placed_at,
            CASE WHEN hash(i + 2) % 20 = 0 THEN 'cancelled' ELSE 'delivered' END AS status,
            (hash(i + 3) % 10000) / 100.0::DOUBLE AS amount
        FROM range({rows}) t(i)""",
    "activity": """
        SELECT 'a' || i AS activity_id, 'c:' || hash(i + 5) % {people} AS person_id,
            ['page_view', 'email_open', 'link_click'][CAST(1 + hash(i + 6) % 3 AS INT)] AS name,
            TIMESTAMP '2025-01-01' + to_seconds(CAST(hash(i + 7) % 31536000 AS BIGINT)) AS occurred_at,
            'email' AS channel, NULL::VARCHAR AS item, NULL::DOUBLE AS value
        FROM range({rows}) t(i)""",
    "score": """
        SELECT 'c:' || i AS person_id, 'churn' AS name, (hash(i + 8) % 1000) / 1000.0::DOUBLE AS value,
            NULL::VARCHAR AS word
        FROM range({people}) t(i)
        UNION ALL SELECT 'c:' || i, 'rfm', NULL,
            ['champions', 'loyal', 'at risk', 'lost'][CAST(1 + hash(i + 9) % 4 AS INT)]
        FROM range({people}) t(i)""",
    "reach": """
        SELECT 'c:' || i AS person_id, 'email' AS channel, hash(i + 10) % 2 = 0 AS reachable
        FROM range({people}) t(i)""",
    "tag": """
        SELECT 'c:' || i AS person_id, 'blocked' AS tag FROM range({people}) t(i)
        WHERE hash(i + 11) % 10 = 0""",
}


def fill(connection: duckdb.DuckDBPyConnection, people: int = 1_000) -> dict[str, pa.Table]:
    """Make the tables in an empty database, and return them."""
    for name, query in _MADE.items():
        made = query.format(people=people, rows=10 * people)
        connection.execute(f"CREATE TABLE {name} AS {made}")
    return {name: connection.table(name).to_arrow_table() for name in _MADE}
