"""Checks of events and deliveries."""

from typing import Final

_POSITIONS: Final = """
SELECT merchant_id, format('%s events have the positions %s to %s, and the stream ends at %s',
    count(*), min(position), max(position), max(last_position)) AS words
FROM events LEFT JOIN event_streams USING (merchant_id)
WHERE $1::bigint IS NULL OR merchant_id = $1
GROUP BY merchant_id
HAVING count(*) <> max(position) - min(position) + 1
    OR max(last_position) IS DISTINCT FROM max(position)
LIMIT $2
"""

_DELIVERED: Final = """
SELECT merchant_id, format('delivery %s counts as delivered, and no attempt succeeded',
    delivery_id) AS words
FROM deliveries
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND state = 'delivered' AND NOT EXISTS (
    SELECT FROM delivery_attempts AS attempt
    WHERE attempt.merchant_id = deliveries.merchant_id
      AND attempt.delivery_id = deliveries.delivery_id AND status BETWEEN 200 AND 299)
UNION ALL
SELECT merchant_id, format('delivery %s is of event %s, and the stream ends at %s',
    delivery_id, position, last_position)
FROM deliveries LEFT JOIN event_streams USING (merchant_id)
WHERE ($1::bigint IS NULL OR merchant_id = $1) AND position > coalesce(last_position, 0)
LIMIT $2
"""

EVENT_CHECKS: Final = (
    ("The positions of events have no gap", _POSITIONS),
    ("What counts as delivered was answered with success", _DELIVERED),
)
