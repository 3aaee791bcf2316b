-- A workspace's day: average feedback in [-1, 1], and average time of an answer in milliseconds.
CREATE OR ALTER VIEW vw_daily_metrics
AS
SELECT
    date,
    workspace_id,
    satisfaction_rate AS avg_satisfaction,
    avg_response_time_ms AS avg_response_time
FROM analytics_daily;
