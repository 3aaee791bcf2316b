"""Statements that people write for the shop: each is allowed."""
# ruff: noqa: E501 - a statement is one line

EVERYWHERE = (
    """
SELECT id, name FROM clients
SELECT COUNT(*) AS n FROM sales
SELECT c.name, s.amount FROM clients c JOIN sales s ON s.client_id = c.id
SELECT c.name, s.amount FROM clients AS c LEFT JOIN sales AS s ON s.client_id = c.id AND s.state = 'paid'
SELECT s.id FROM sales s RIGHT JOIN clients c ON c.id = s.client_id WHERE s.id IS NULL
SELECT a.id, b.id AS other FROM articles a, articles b WHERE a.kind = b.kind AND a.id < b.id
SELECT a.id FROM articles a CROSS JOIN articles b WHERE a.price > b.price
SELECT state, SUM(amount) AS total, AVG(amount) AS mean, MIN(amount) AS low, MAX(amount) AS high FROM sales GROUP BY state
SELECT state, COUNT(DISTINCT client_id) AS buyers FROM sales GROUP BY state HAVING COUNT(*) > 2 ORDER BY buyers DESC
SELECT id FROM sales WHERE amount BETWEEN 10 AND 20 AND state IN ('paid', 'new') AND remark IS NOT NULL
SELECT id FROM sales WHERE NOT (amount < 5 OR state <> 'new') AND remark NOT LIKE '%x%'
SELECT name FROM clients WHERE name LIKE 'A%' OR town = 'Lyon'
SELECT name FROM clients WHERE name LIKE '10!%%' ESCAPE '!'
SELECT CASE WHEN amount < 100 THEN 'small' ELSE 'large' END AS size, COUNT(*) AS n FROM sales GROUP BY CASE WHEN amount < 100 THEN 'small' ELSE 'large' END
SELECT CASE state WHEN 'new' THEN 1 WHEN 'paid' THEN 2 ELSE 3 END AS k FROM sales
SELECT name, price FROM articles a JOIN clients c ON c.id = a.id WHERE price > (SELECT AVG(price) FROM articles)
SELECT c.name FROM clients c WHERE EXISTS (SELECT 1 FROM sales s WHERE s.client_id = c.id AND s.amount > 450)
SELECT c.name FROM clients c WHERE NOT EXISTS (SELECT 1 FROM sales s WHERE s.client_id = c.id)
SELECT id FROM sales WHERE client_id IN (SELECT id FROM clients WHERE town = 'Lyon')
SELECT name, (SELECT COUNT(*) FROM sales s WHERE s.client_id = c.id) AS sales FROM clients c
SELECT x.n FROM (SELECT client_id, COUNT(*) AS n FROM sales GROUP BY client_id) AS x WHERE x.n > 1
SELECT AVG(x.n) AS mean FROM (SELECT COUNT(*) AS n FROM sales GROUP BY client_id) x
WITH best AS (SELECT client_id, SUM(amount) AS spent FROM sales GROUP BY client_id) SELECT c.name, b.spent FROM best b JOIN clients c ON c.id = b.client_id ORDER BY b.spent DESC
WITH best (who, spent) AS (SELECT client_id, SUM(amount) FROM sales GROUP BY client_id) SELECT who, spent FROM best
WITH a AS (SELECT id, amount FROM sales), b AS (SELECT MAX(amount) AS top_amount FROM a) SELECT a.id FROM a JOIN b ON a.amount = b.top_amount
WITH ranked AS (SELECT id, ROW_NUMBER() OVER (PARTITION BY client_id ORDER BY amount DESC) AS rn FROM sales) SELECT * FROM ranked WHERE rn <= 3
SELECT id, amount, SUM(amount) OVER (ORDER BY sold_at ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS moving FROM sales
SELECT id, RANK() OVER (ORDER BY amount DESC) AS r, DENSE_RANK() OVER (ORDER BY amount) AS d, NTILE(4) OVER (ORDER BY amount) AS q FROM sales
SELECT id, amount - LAG(amount) OVER (PARTITION BY client_id ORDER BY sold_at) AS step FROM sales
SELECT kind, FIRST_VALUE(label) OVER (PARTITION BY kind ORDER BY price DESC) AS dearest FROM articles
SELECT town FROM clients UNION SELECT kind FROM articles
SELECT town FROM clients UNION ALL SELECT kind FROM articles ORDER BY town
SELECT client_id FROM sales WHERE state = 'paid' EXCEPT SELECT client_id FROM sales WHERE state = 'new'
SELECT client_id FROM sales INTERSECT SELECT id FROM clients ORDER BY 1
SELECT UPPER(name) AS u, LOWER(town) AS l, REPLACE(name, 'a', 'b') AS r, LEFT(name, 3) AS f FROM clients
SELECT CONCAT(name, ' (', town, ')') AS label FROM clients ORDER BY label
SELECT COALESCE(remark, '-') AS remark, NULLIF(state, 'new') AS s FROM sales
SELECT ROUND(amount, 1) AS a, ABS(amount) AS b, FLOOR(amount) AS c, CEILING(amount) AS d, POWER(amount, 2) AS e FROM sales
SELECT CAST(amount AS DECIMAL(10, 2)) AS d, CAST(sold_at AS DATE) AS day FROM sales
SELECT id, id % 10 AS bucket, -id AS negative, 5 - -1 AS six, amount * 2 / 3 + 1 AS x FROM sales
SELECT DISTINCT town FROM clients ORDER BY town
SELECT name AS имя, town AS 都市 FROM clients WHERE town = 'Málaga'
SELECT 'O''Neil; DROP TABLE sales --' AS text_only, COUNT(*) AS n FROM sales
-- how many there are\nSELECT COUNT(*) AS n /* all of them */ FROM sales;
SELECT sales.id FROM sales
SELECT s.* FROM sales s
SELECT * FROM sales ORDER BY id
SELECT o.* FROM (SELECT id, name FROM clients) AS o
SELECT MAX(sold_at) AS last_sale FROM sales WHERE sold_at >= '2024-01-01'
SELECT c.town, COUNT(*) AS n FROM sales s JOIN clients c ON c.id = s.client_id GROUP BY c.town ORDER BY COUNT(*) DESC
SELECT l.article_id, SUM(l.pieces * l.unit_price) AS revenue FROM sale_lines l JOIN sales s ON s.id = l.sale_id WHERE s.state <> 'new' GROUP BY l.article_id ORDER BY revenue DESC
SELECT s.id FROM sales s WHERE s.amount >= ALL (SELECT t.amount FROM sales t)
SELECT SUM(CASE WHEN state = 'paid' THEN amount ELSE 0 END) / NULLIF(COUNT(*), 0) AS share FROM sales
""".strip()
    .replace("\\n", "\n")
    .split("\n")
)
EVERYWHERE = [
    *(line for line in EVERYWHERE if not line.startswith(("-- how", "SELECT COUNT(*) AS n /*"))),
    "-- how many there are\nSELECT COUNT(*) AS n /* all of them */ FROM sales;",
    "\tSELECT\r\n  id\r\nFROM sales  ;  ",
]

POSTGRES = """
SELECT date_trunc('month', sold_at)::date AS month, count(*) FILTER (WHERE state = 'paid') AS paid FROM sales GROUP BY 1 ORDER BY 1
SELECT to_char(sold_at, 'IYYY-"W"IW') AS week, sum(amount) FROM sales GROUP BY week ORDER BY week
SELECT extract(dow FROM sold_at) AS weekday, count(*) FROM sales GROUP BY 1
SELECT count(*) FROM sales WHERE sold_at >= now() - interval '90 days'
SELECT age(max(sold_at), min(sold_at)), localtimestamp, current_date FROM sales
SELECT extract(epoch FROM max(sold_at) - min(sold_at)) / 86400 AS days FROM sales
SELECT id FROM sales WHERE sold_at AT TIME ZONE 'Europe/Paris' >= timestamp '2024-01-01 00:00:00'
SELECT DISTINCT ON (client_id) client_id, id FROM sales ORDER BY client_id, sold_at DESC
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median FROM sales
SELECT mode() WITHIN GROUP (ORDER BY state), bool_and(amount > 0) FROM sales
SELECT string_agg(DISTINCT town, ', ' ORDER BY town) FROM clients
SELECT array_agg(DISTINCT town) FROM clients
SELECT town, count(*) FROM clients GROUP BY ROLLUP (town)
SELECT town, name, count(*) FROM clients GROUP BY CUBE (town, name)
SELECT town, count(*) FROM clients GROUP BY GROUPING SETS ((town), ())
SELECT c.name, last.amount FROM clients c CROSS JOIN LATERAL (SELECT s.amount FROM sales s WHERE s.client_id = c.id ORDER BY s.sold_at DESC LIMIT 1) AS last
SELECT c.name FROM clients c LEFT JOIN LATERAL (SELECT s.id FROM sales s WHERE s.client_id = c.id LIMIT 1) x ON true WHERE x.id IS NULL
SELECT d::date, count(s.id) FROM generate_series(date '2024-01-01', date '2024-02-01', interval '1 day') AS d LEFT JOIN sales s ON s.sold_at::date = d::date GROUP BY d ORDER BY d
SELECT m FROM generate_series(1, 12) AS m
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) SELECT i FROM n
SELECT extras ->> 'visits', extras -> 'shipping' ->> 'zip', extras #>> '{shipping,zip}' FROM clients WHERE extras @> '{"vip": true}'
SELECT (extras ->> 'visits')::int AS visits FROM clients WHERE extras ? 'visits'
SELECT name FROM clients WHERE name ILIKE '%ada%' OR name ~* '^(ada|bob)'
SELECT name FROM clients WHERE name SIMILAR TO 'A%'
SELECT split_part(label, '-', 2)::int, substring(label from 1 for 3), position('a' in label), trim(both ' ' from label) FROM articles
SELECT lpad(id::text, 5, '0'), initcap(kind), regexp_replace(label, '[0-9]+', '#', 'g') FROM articles
SELECT width_bucket(amount, 0, 500, 10) AS bucket, count(*) FROM sales GROUP BY bucket
SELECT remark IS DISTINCT FROM 'x', (amount > 5) IS TRUE FROM sales
SELECT id FROM sales ORDER BY amount DESC NULLS LAST LIMIT 10 OFFSET 20
SELECT id FROM sales ORDER BY id OFFSET 20 ROWS FETCH NEXT 10 ROWS ONLY
(SELECT id FROM sales ORDER BY amount DESC LIMIT 3) UNION ALL (SELECT id FROM sales ORDER BY amount LIMIT 3)
SELECT v.k, v.n FROM (VALUES (1, 'a'), (2, 'b')) AS v(k, n)
SELECT "Nom complet" FROM "Régions" WHERE code = 'FR'
WITH v(x) AS (VALUES (1), (2)) SELECT x FROM v
SELECT id FROM sales WHERE state <> ALL (ARRAY['new', 'paid'])
SELECT id FROM sales WHERE (sold_at, sold_at) OVERLAPS (timestamptz '2024-01-01', timestamptz '2024-02-01')
SELECT sum(amount) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM sales
SELECT public.sales.id FROM public.sales
SELECT first_value(id) OVER w, last_value(id) OVER w FROM sales WINDOW w AS (PARTITION BY state ORDER BY amount)
SELECT state, sum(amount) * 100.0 / sum(sum(amount)) OVER () AS percent FROM sales GROUP BY state
SELECT x.count FROM (SELECT state, count(*) FROM sales GROUP BY state) AS x
SELECT sale_id, sum(pieces) FROM sale_lines JOIN (SELECT id AS sale_id FROM sales) s USING (sale_id) GROUP BY sale_id
SELECT (client_id, state) IN ((1, 'paid'), (2, 'new')) FROM sales
SELECT array(SELECT id FROM sales LIMIT 3), 't' = ANY(ARRAY['t', 'u'])
""".strip().split("\n")

MYSQL = """
SELECT DATE_FORMAT(sold_at, '%Y-%m') AS month, SUM(amount) FROM sales GROUP BY month ORDER BY month
SELECT YEAR(sold_at) y, MONTH(sold_at) m, COUNT(*) n FROM sales GROUP BY y, m HAVING n > 3 AND y = 2024 ORDER BY y, m
SELECT COUNT(*) FROM sales WHERE sold_at >= NOW() - INTERVAL 90 DAY
SELECT id FROM sales WHERE sold_at >= DATE_SUB(CURDATE(), INTERVAL 1 MONTH)
SELECT TIMESTAMPDIFF(MONTH, MIN(sold_at), MAX(sold_at)), DATEDIFF(NOW(), MAX(sold_at)), LAST_DAY(NOW()) FROM sales
SELECT EXTRACT(YEAR_MONTH FROM sold_at) AS ym, COUNT(*) FROM sales GROUP BY ym
SELECT QUARTER(sold_at), WEEK(sold_at, 3), DAYOFWEEK(sold_at), HOUR(sold_at) FROM sales
SELECT STR_TO_DATE('2024-01-01', '%Y-%m-%d'), DATE(NOW()), DATE_ADD(NOW(), INTERVAL -1 MONTH)
SELECT GROUP_CONCAT(DISTINCT town ORDER BY town SEPARATOR ', ') FROM clients
SELECT IF(amount > 100, 'big', 'small'), IFNULL(remark, '-'), FIELD(state, 'new', 'paid') FROM sales
SELECT ROUND(100 * SUM(state = 'paid') / COUNT(*), 1) AS percent FROM sales
SELECT town, COUNT(*) FROM clients GROUP BY town WITH ROLLUP
SELECT CONCAT(UPPER(LEFT(name, 1)), '.') AS initial, COUNT(*) FROM clients GROUP BY initial
SELECT name FROM clients WHERE name LIKE '%O\\'Neil%' OR name = "Ada"
SELECT SUBSTRING_INDEX(label, '-', -1), CHAR_LENGTH(label), LPAD(id, 5, '0'), LOCATE('a', label), TRIM(LEADING 'x' FROM label) FROM articles
SELECT 'a' 'b' AS ab
SELECT id DIV 10, id MOD 7, id & 1, id <=> 4, id XOR 0 FROM sales
SELECT JSON_VALUE(extras, '$.visits'), JSON_UNQUOTE(JSON_EXTRACT(extras, '$.shipping.zip')) FROM clients
SELECT CAST(amount AS SIGNED), CONVERT(amount, CHAR) FROM sales
SELECT `Nom complet` FROM `Régions` WHERE code = 'FR'
SELECT shop.sales.id FROM shop.sales
SELECT 1 FROM DUAL
SELECT CAST('2024-01-01' AS DATETIME), TIMESTAMP '2024-01-01 00:00:00'
SELECT id FROM sales ORDER BY id LIMIT 20, 10
SELECT id FROM sales # the ids
WITH RECURSIVE d AS (SELECT DATE '2024-01-01' AS day UNION ALL SELECT day + INTERVAL 1 DAY FROM d WHERE day < '2024-01-31') SELECT d.day FROM d
SELECT name FROM clients WHERE name REGEXP '^A' AND name NOT RLIKE 'b$'
SELECT id FROM sales WHERE (client_id, state) IN ((1, 'paid'), (38, 'new'))
SELECT (SELECT COUNT(*) FROM sales s WHERE s.client_id = c.id) AS n FROM clients c HAVING n > 2 ORDER BY n DESC
SELECT STDDEV(amount), VARIANCE(amount) FROM sales
SELECT MAX(price) AS cost FROM articles HAVING cost > 1
SELECT LAG(price) OVER w FROM articles WINDOW w AS (PARTITION BY kind ORDER BY price)
""".strip().split("\n")

TSQL = """
SELECT TOP 10 id, state FROM dbo.sales WHERE sold_at >= DATEADD(day, -30, GETDATE()) ORDER BY sold_at DESC
SELECT TOP (5) client_id, SUM(amount) AS spent FROM sales GROUP BY client_id ORDER BY spent DESC
SELECT YEAR(sold_at) AS y, DATEPART(quarter, sold_at) AS q, SUM(amount) AS s FROM sales GROUP BY YEAR(sold_at), DATEPART(quarter, sold_at)
SELECT DATENAME(weekday, sold_at) AS d, DATEDIFF(day, sold_at, SYSDATETIME()) AS n FROM sales
SELECT DATEADD(month, DATEDIFF(month, 0, sold_at), 0) AS m, SUM(amount) AS s FROM sales GROUP BY DATEADD(month, DATEDIFF(month, 0, sold_at), 0)
SELECT FORMAT(sold_at, 'yyyy-MM') AS ym, EOMONTH(sold_at) AS e, DATEFROMPARTS(2024, 1, 1) AS d FROM sales
SELECT CONVERT(varchar(10), sold_at, 120) AS d, TRY_CAST(remark AS int) AS n, TRY_CONVERT(int, remark) AS m FROM sales
SELECT IIF(amount > 100, 'big', 'small') AS size, ISNULL(remark, '-') AS r, CHOOSE(1, 'a', 'b') AS c FROM sales
SELECT STRING_AGG(town, ', ') WITHIN GROUP (ORDER BY town) AS towns FROM clients
SELECT LEN(name) AS l, SUBSTRING(name, 1, 3) AS s, CHARINDEX('a', name) AS p, STUFF(name, 1, 1, 'X') AS x, LTRIM(RTRIM(name)) AS t FROM clients
SELECT UPPER(LEFT(name, 1)) + '.' AS initial, COUNT(*) AS n FROM clients GROUP BY UPPER(LEFT(name, 1)) + '.'
SELECT name FROM clients WHERE name LIKE N'%O''Neil%' OR name LIKE '[A-D]%'
SELECT c.name, x.amount FROM clients c CROSS APPLY (SELECT TOP 1 s.amount FROM sales s WHERE s.client_id = c.id ORDER BY s.sold_at DESC) AS x
SELECT c.name, x.amount FROM clients c OUTER APPLY (SELECT TOP 1 s.amount FROM sales s WHERE s.client_id = c.id) AS x
SELECT id FROM sales ORDER BY id OFFSET 20 ROWS FETCH NEXT 10 ROWS ONLY
SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) OVER (PARTITION BY state) AS median FROM sales
SELECT town, name, COUNT(*) AS n FROM clients GROUP BY ROLLUP (town, name)
SELECT town, COUNT(*) AS n FROM clients GROUP BY GROUPING SETS ((town), ())
SELECT [c].[name] AS [select], [c].[town] AS [a;b] FROM [dbo].[clients] AS [c]
SELECT [Nom complet] FROM [Régions] WHERE code = 'FR'
SELECT JSON_VALUE(extras, '$.shipping.zip') AS zip, JSON_QUERY(extras, '$.shipping') AS s FROM clients
SELECT revenue = SUM(amount) FROM sales
SELECT COUNT_BIG(*) AS n, STDEV(amount) AS sd, VAR(amount) AS v FROM sales
SELECT v.a FROM (VALUES (1), (2)) AS v(a)
SELECT x.v FROM clients c CROSS APPLY (VALUES (c.name), (c.town)) AS x(v)
;WITH w AS (SELECT id FROM sales) SELECT id FROM w
SELECT ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS n FROM sales
SELECT sold_at AT TIME ZONE 'UTC' AS t FROM sales
SELECT s.id FROM sales s FULL OUTER JOIN sale_lines l ON l.sale_id = s.id WHERE l.sale_id IS NULL
/* outer /* inner */ still a comment */ SELECT COUNT(*) AS n FROM sales
""".strip().split("\n")
