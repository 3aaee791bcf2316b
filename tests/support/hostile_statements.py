"""Statements against the shop that must never be run: each is refused. `{0}` is the schema."""

from rag.databases.guard.allowed import SqlDialect

_EVERYWHERE = r"""
DELETE FROM sales
INSERT INTO tripwires VALUES (1, 'x')
UPDATE sales SET amount = 0
DROP TABLE sales
CREATE TABLE t (id int)
TRUNCATE TABLE sales
GRANT SELECT ON wages TO PUBLIC
SELECT id FROM sales; DELETE FROM sales
SELECT id FROM sales;; SELECT pay FROM wages
SELECT ';' ; SELECT pay FROM wages
WITH gone AS (DELETE FROM sales RETURNING id) SELECT id FROM gone
SELECT id INTO copied FROM sales
SELECT id FROM sales FOR UPDATE
SELECT pay FROM wages
SELECT pay FROM WAGES
SELECT w.pay FROM {0}.wages w
SELECT pay FROM hr.wages
SELECT id FROM other.sales
SELECT team FROM wage_view
SELECT id FROM sales UNION SELECT id FROM wages
SELECT id FROM sales WHERE id IN (SELECT id FROM wages)
SELECT id FROM sales WHERE EXISTS (SELECT 1 FROM wages)
SELECT id FROM sales ORDER BY (SELECT MAX(pay) FROM wages)
SELECT id FROM sales GROUP BY id HAVING COUNT(*) > (SELECT COUNT(*) FROM wages)
SELECT CASE WHEN (SELECT MAX(pay) FROM wages) > 'a' THEN 1 END FROM sales
SELECT MAX((SELECT MAX(pay) FROM wages)) FROM sales
SELECT s.id FROM sales s JOIN wages w ON w.id = s.id
SELECT s.id FROM sales s, wages w WHERE w.id = s.id
SELECT x.pay FROM (SELECT pay FROM wages) AS x
WITH w AS (SELECT pay FROM wages) SELECT pay FROM w
WITH wages AS (SELECT pay FROM wages) SELECT pay FROM wages
WITH sales AS (SELECT pay AS state FROM wages) SELECT state FROM sales
WITH a AS (SELECT id FROM b), b AS (SELECT id FROM sales) SELECT id FROM a
SELECT sales.pay FROM wages AS sales
SELECT sales.name FROM clients AS sales
SELECT table_name FROM information_schema.tables
SELECT email FROM clients
SELECT c.email FROM clients c
SELECT clients.email FROM {0}.clients
SELECT {0}.clients.email FROM {0}.clients
SELECT * FROM clients
SELECT c.* FROM clients c
SELECT s.id, c.* FROM sales s JOIN clients c ON c.id = s.client_id
SELECT x.email FROM (SELECT * FROM clients) x
SELECT id FROM clients WHERE email LIKE 'c1@%'
SELECT id FROM clients ORDER BY email
SELECT COUNT(*) FROM clients GROUP BY email
SELECT town FROM clients GROUP BY town HAVING MAX(email) LIKE 'c9%'
SELECT COUNT(DISTINCT email) FROM clients
SELECT SUM(id) OVER (PARTITION BY email) FROM clients
SELECT SUM(id) OVER (ORDER BY email) FROM clients
SELECT s.id FROM sales s JOIN clients c ON c.email = s.remark
SELECT a.id FROM clients a JOIN clients b USING (email)
SELECT c.id FROM clients c JOIN (SELECT 'x' AS email) x USING (email)
SELECT a.id FROM clients a NATURAL JOIN clients b
SELECT a.id FROM clients a NATURAL LEFT JOIN (SELECT 'x' AS email) b
SELECT name AS email FROM clients WHERE email = 'x'
SELECT name AS email FROM clients ORDER BY LOWER(email)
SELECT name AS email FROM clients GROUP BY email
SELECT COUNT(*) AS email FROM clients GROUP BY email
SELECT MAX(price) AS cost FROM articles ORDER BY cost + 1
SELECT (SELECT c.email) FROM clients c
SELECT s.id FROM sales s WHERE EXISTS (SELECT 1 FROM clients c WHERE c.email = s.remark)
SELECT c FROM clients c
SELECT clients FROM clients
SELECT COUNT(c) FROM clients c
SELECT MAX(price - cost) FROM articles
SELECT name FROM clients UNION SELECT email FROM clients
SELECT CAST(email AS INT) FROM clients
SELECT COALESCE(NULL, email) AS name FROM clients
SELECT unknown_column FROM sales
SELECT id FROM unknown_table
SELECT x.id FROM sales s
SELECT id FROM sales s JOIN clients c ON c.id = s.client_id
SELECT a.id FROM sales a, sales a
SELECT version()
SELECT touch(1)
SELECT {0}.touch(1)
SELECT id FROM sales WHERE touch(id) = 1
SELECT load_file('/etc/passwd')
SELECT repeat('x', 1000000000)
SELECT current_user
SELECT id FROM sales LIMIT (SELECT COUNT(*) FROM wages)
SELECT id FROM sales WHERE id = :id
SELECT id FROM sales WHERE id = ?
SELECT id FROM sales WHERE id = {{id}}
SELECT {{d '2024-01-01'}}
SELECT id FROM sales TABLESAMPLE SYSTEM (10)
SHOW TABLES
EXPLAIN SELECT id FROM sales
SET x = 1
BEGIN
COMMIT
TABLE wages
VALUES (1)
SELECT id FROM sales /* hint */ /*+ MAX */
SELECT 1 /*! , (SELECT MAX(pay) FROM wages) */
SELECT 1 /*/ */
SELECT id FROM sales /* no end
SELECT 'no end FROM sales
SELECT ((((((((((((((1))))))))))))))
SELECT id FROM sales WHERE name LIKE '%a%a%a%a%a%a%a%a%a%a%b'
SELECT CAST('x' AS CHAR(100000000))
""".strip().split("\n")

_POSTGRES = r"""
SELECT pg_sleep(10)
SELECT pg_ſleep(10)
SELECT set_config('statement_timeout', '0', false)
SELECT current_setting('search_path')
SELECT query_to_xml('SELECT pay FROM wages', true, true, '')
SELECT nextval('numbers')
SELECT pg_advisory_lock(1)
SELECT 'wages'::regclass
SELECT CAST('touch' AS regproc)
SELECT (c).email FROM clients c
SELECT (c.*)::text FROM clients c
SELECT c::text FROM clients c
SELECT row_to_json(c) FROM clients c
SELECT to_jsonb(c) FROM clients c
SELECT email(c) FROM clients c
SELECT c.to_jsonb FROM clients c
SELECT x FROM clients AS x(id, name, town, joined, extras, e)
SELECT x.e FROM clients AS x(a, b, c, d, f, e, g)
SELECT public.initcap(7)
SELECT "initcap"('x')
SELECT "Lower"(name) FROM clients
SELECT ctid FROM sales
SELECT tableoid FROM sales
SELECT E'\'' FROM sales
SELECT U&'x' FROM sales
SELECT $$ x $$ FROM sales
SELECT $1
SELECT 1 AS a$b
SELECT id FROM ONLY sales
SELECT relname FROM pg_class
SELECT relname FROM pg_catalog.pg_class
SELECT generate_series(1, 1000000000)
SELECT g FROM generate_series(1, amount) g, sales
SELECT lpad('x', 100000000)
SELECT array_fill(0, ARRAY[100000000])
SELECT name FROM clients WHERE name ~ '(a+)+$'
SELECT name FROM clients WHERE name ~ name
SELECT regexp_replace(name, '(a*)*b', 'x') FROM clients
SELECT id FROM sales FETCH FIRST 5 ROWS WITH TIES
SELECT * FROM dblink('x', 'SELECT 1') AS t(a int)
SELECT id FROM sales CROSS JOIN LATERAL touch(id) AS t
SELECT a.id FROM ROWS FROM (generate_series(1, 2)) AS a(id)
COPY sales TO STDOUT
LISTEN x
DO $$ BEGIN END $$
SELECT id FROM sales FOR SHARE
SELECT XMLFOREST(email) FROM clients
SELECT OVERLAY(name PLACING email FROM 1) FROM clients
SELECT count(*) FILTER (WHERE email LIKE 'c%') FROM clients
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY email) FROM clients
SELECT string_agg(name, ',' ORDER BY email) FROM clients
SELECT DISTINCT ON (email) id FROM clients
SELECT id FROM clients GROUP BY GROUPING SETS ((id), (email))
SELECT id FROM clients GROUP BY ROLLUP (email)
SELECT id FROM clients WINDOW w AS (PARTITION BY email)
SELECT ARRAY(SELECT pay FROM wages)
SELECT id FROM sales WHERE state = ANY (SELECT name FROM wages)
""".strip().split("\n")

_MYSQL = r"""
SELECT SLEEP(10)
SELECT BENCHMARK(1000000, MD5('a'))
SELECT GET_LOCK('x', 1)
SELECT @@version
SELECT @x := pay FROM wages
SELECT @x
SELECT LOAD_FILE(0x2F)
SELECT id FROM sales INTO OUTFILE '/tmp/x'
SELECT id FROM sales INTO @x
SELECT id FROM sales PROCEDURE ANALYSE()
SELECT id FROM sales USE INDEX ()
SELECT SQL_CALC_FOUND_ROWS id FROM sales
SELECT id FROM sales LOCK IN SHARE MODE
SELECT id FROM sales PARTITION (p0)
SELECT id FROM sales STRAIGHT_JOIN clients
SELECT EMÁIL FROM clients
SELECT emáil FROM clients
SELECT pay FROM `wages`
SELECT id FROM sales WHERE MATCH (remark) AGAINST ('x')
SELECT EXTRACTVALUE(1, CONCAT(0x7e, (SELECT email FROM clients LIMIT 1)))
SELECT 5--1, (SELECT MAX(pay) FROM wages)
SELECT 1 /* /* */ , (SELECT MAX(pay) FROM wages) /* */
SELECT 1 /*M! + 1 */
SELECT _utf8'x'
SELECT x'41'
SELECT NEXTVAL(numbers)
SELECT SUM(seq) FROM seq_1_to_1000000000
SELECT user FROM mysql.user
SELECT name FROM clients WHERE name RLIKE '^([a-z]+)+$'
SELECT REGEXP_REPLACE(name, '(a+)+', 'x') FROM clients
SELECT GROUP_CONCAT(email) FROM clients
SELECT GROUP_CONCAT(name ORDER BY email) FROM clients
SELECT GROUP_CONCAT(name SEPARATOR @@version) FROM clients
SELECT name AS email FROM clients HAVING email LIKE 'c%'
SELECT name AS n FROM clients HAVING MAX(email) > 'a'
SELECT JSON_VALUE(email, '$') FROM clients
SELECT t.x FROM JSON_TABLE((SELECT pay FROM wages), '$' COLUMNS (x TEXT PATH '$')) AS t
HANDLER wages OPEN
SELECT id FROM sales UNLOCK TABLES
DO SLEEP(1)
CALL touch(1)
""".strip().split("\n")

_TSQL = r"""
SELECT id FROM sales EXEC('DROP TABLE sales')
SELECT id FROM sales EXECUTE('x')
SELECT id FROM sales PRINT('x')
SELECT id FROM sales KILL
SELECT id FROM sales RETURN
SELECT id FROM sales CHECKPOINT
SELECT id FROM sales THROW
SELECT id FROM sales SHUTDOWN
SELECT id FROM sales DBCC
SELECT id FROM sales s REVERT
SELECT id FROM sales HOLDLOCK
SELECT id FROM sales WITH (NOLOCK)
SELECT id FROM sales (NOLOCK)
SELECT id FROM sales SELECT pay FROM wages
SELECT id FROM sales WAITFOR DELAY '0:0:10'
SELECT id FROM sales OPTION (MAXRECURSION 0)
SELECT id FROM sales FOR XML PATH('x')
SELECT (SELECT id FROM sales FOR JSON AUTO)
SELECT @@VERSION
SELECT @x = pay FROM wages
SELECT TOP (@n) id FROM sales
SELECT TOP 5 WITH TIES id FROM sales ORDER BY id
SELECT id FROM shop.dbo.wages
SELECT id FROM server.shop.dbo.sales
SELECT id FROM other.dbo.sales
SELECT id FROM #t
SELECT id FROM ##t
SELECT pay FROM ｗａｇｅｓ
SELECT name FROM sys.objects
SELECT id FROM OPENROWSET('x', 'y', 'z')
SELECT id FROM OPENQUERY(s, 'SELECT 1')
SELECT value FROM OPENJSON((SELECT pay FROM wages FOR JSON PATH))
SELECT value FROM STRING_SPLIT('a b', ' ')
SELECT CHECKSUM(*) FROM clients
SELECT OBJECT_ID('wages')
SELECT SUSER_SNAME()
SELECT NEXT VALUE FOR numbers
SELECT v FROM clients UNPIVOT (v FOR k IN (email, secret_note)) AS u
SELECT x FROM (SELECT id, email FROM clients) s PIVOT (MAX(id) FOR email IN ([x])) p
SELECT x.e FROM clients c CROSS APPLY (VALUES (c.email)) AS x(e)
SELECT 'name' = email FROM clients
SELECT email AS 'name' FROM clients
SELECT c.name.ToString() FROM clients c
SELECT CAST('<a/>' AS xml).query('x')
SELECT REPLICATE('x', 1000000000)
SELECT id FROM sales s INNER LOOP JOIN clients c ON c.id = s.client_id
SELECT id FROM sales WHERE CONTAINS(*, 'x')
EXEC sp_who
sp_who
xp_cmdshell 'dir'
""".strip().split("\n")

_MARKS = [
    "SELECT id FROM sales\x00",
    "SELECT id\u00a0FROM sales",
    "SELECT id FROM\u200bsales",
    "SELECT 1 -- \r, (SELECT MAX(pay) FROM wages)",
    "SELECT id FROM sales \u2028 WHERE 1 = 1",
    "\ufeffSELECT id FROM sales",
    "SELECT id FROM sales WHERE id IN (" + ", ".join(map(str, range(5_000))) + ")",
    "SELECT " + "+".join("1" * 3_000),
    "SELECT " + "NOT " * 2_000 + "1",
    "SELECT " + "-" * 10 + "1",
    "SELECT 'a\\\nb'",
    "SELECT REPLACE(REPLACE(REPLACE('a', 'a', '" + "a" * 90 + "'), 'a', '" + "a" * 90 + "'), 'a', '" + "a" * 90 + "')",
    "WITH a AS (SELECT CONCAT(name, name, name, name, name, name, name, name, name, name) AS x FROM clients), "
    + ", ".join(
        f"{new} AS (SELECT CONCAT({', '.join(['x'] * 10)}) AS x FROM {old})"
        for old, new in zip("abcde", "bcdef", strict=True)
    )
    + " SELECT x FROM f",
    "",
    "   ;  ",
    "-- nothing",
]


def hostile_statements(dialect: SqlDialect) -> list[str]:
    """Return the statements of a dialect that are refused."""
    own, schema = {
        SqlDialect.POSTGRES: (_POSTGRES, "public"),
        SqlDialect.MYSQL: (_MYSQL, "shop"),
        SqlDialect.TSQL: (_TSQL, "dbo"),
    }[dialect]
    return [sql.format(schema) for sql in _EVERYWHERE] + own + _MARKS
