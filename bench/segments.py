"""A segment of ten filters, as a rule of the product and as SQL by hand: ``bench.analytics`` measures it."""

from typing import Any

TEN: dict[str, Any] = {
    "version": 1,
    "where": {
        "all": [
            {"kind": "person", "field": "country", "op": "one_of", "values": ["DE", "AT", "CH"]},
            {"kind": "person", "field": "age", "op": "between", "low": 25, "high": 54},
            {"kind": "purchase", "value": 2, "window": {"days": 365}},
            {"kind": "purchase", "measure": "sum", "value": 200},
            {"kind": "purchase", "measure": "days_since", "value": 30},
            {"kind": "event", "name": "email_open", "window": {"days": 90}},
            {"kind": "score", "name": "churn", "op": "at_most", "value": 0.8},
            {
                "any": [
                    {"kind": "score", "name": "rfm", "words": ["champions", "loyal"]},
                    {"kind": "reach", "channel": "email"},
                ]
            },
            {"not": {"kind": "tag", "values": ["blocked"]}},
        ]
    },
}
"""Ten filters: what is known, events, sums and counts in windows, scores, tags, a channel."""

BY_HAND = """
SELECT p.person_id
FROM person p
WHERE lower(p.country) IN ('de', 'at', 'ch')
  AND p.born <= DATE '2001-01-01' AND p.born > DATE '1971-01-01'
  AND (SELECT count(*) FROM purchase o WHERE o.person_id = p.person_id AND o.status <> 'cancelled'
         AND o.placed_at >= TIMESTAMP '2026-01-01' - INTERVAL 365 DAY
         AND o.placed_at <= TIMESTAMP '2026-01-01') >= 2
  AND (SELECT coalesce(sum(cast(round(o.amount * 100) AS BIGINT)), 0) FROM purchase o
       WHERE o.person_id = p.person_id AND o.status <> 'cancelled') >= 20000
  AND (SELECT max(o.placed_at) FROM purchase o
       WHERE o.person_id = p.person_id AND o.status <> 'cancelled')
      <= TIMESTAMP '2026-01-01' - INTERVAL 30 DAY
  AND EXISTS (SELECT 1 FROM activity a WHERE a.person_id = p.person_id AND a.name = 'email_open'
        AND a.occurred_at BETWEEN TIMESTAMP '2026-01-01' - INTERVAL 90 DAY AND TIMESTAMP '2026-01-01')
  AND EXISTS (SELECT 1 FROM score s WHERE s.person_id = p.person_id AND s.name = 'churn'
        AND s.value <= 0.8)
  AND (EXISTS (SELECT 1 FROM score s WHERE s.person_id = p.person_id AND s.name = 'rfm'
         AND s.word IN ('champions', 'loyal'))
       OR EXISTS (SELECT 1 FROM reach r WHERE r.person_id = p.person_id AND r.channel = 'email'
         AND r.reachable))
  AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.person_id = p.person_id AND t.tag = 'blocked')
"""
"""The same, written from the words of the rule and not from what we compile; money is added in cents."""
