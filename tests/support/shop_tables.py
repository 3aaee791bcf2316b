# ruff: noqa: E501 - a statement is one line
"""The tables of the shop on PostgreSQL and MariaDB, with logins: `plain` may read everything, `least` what is allowed."""

_ROWS_POSTGRES = """
INSERT INTO clients SELECT i, 'Client ' || i, (ARRAY['Lyon','Porto','Málaga'])[1 + i % 3], date '2023-01-01' + i,
  jsonb_build_object('visits', i, 'shipping', jsonb_build_object('zip', 10000 + i)),
  'c' || i || '@CANARY.example', 'CANARY note ' || i FROM generate_series(1, 50) i;
INSERT INTO articles SELECT i, 'ART-' || i, (ARRAY['lamp','desk'])[1 + i % 2], 9.5 + i, 'CANARY cost ' || i
  FROM generate_series(1, 20) i;
INSERT INTO sales SELECT i, 1 + i % 50, timestamptz '2024-01-01 09:00+00' + i * interval '7 hours',
  (ARRAY['new','paid','sent'])[1 + i % 3], 10 + (i * 37) % 400, CASE WHEN i % 9 = 0 THEN 'call; -- first' END
  FROM generate_series(1, 300) i;
INSERT INTO sale_lines SELECT i, 1 + i % 20, 1 + i % 4, 9.5 + i % 20 FROM generate_series(1, 300) i;
INSERT INTO wages SELECT i, 'CANARY staff ' || i, 'CANARY pay ' || i FROM generate_series(1, 10) i;
"""

SHOP_POSTGRES = f"""
CREATE TABLE clients (id int PRIMARY KEY, name text, town text, joined date, extras jsonb, email text, secret_note text);
CREATE TABLE articles (id int PRIMARY KEY, label text, kind text, price numeric(10,2), cost text);
CREATE TABLE sales (id int PRIMARY KEY, client_id int, sold_at timestamptz, state text, amount numeric(12,2), remark text);
CREATE TABLE sale_lines (sale_id int, article_id int, pieces int, unit_price numeric(10,2));
CREATE TABLE "Régions" (code char(2), "Nom complet" text);
CREATE TABLE wages (id int PRIMARY KEY, name text, pay text);
CREATE VIEW wage_view AS SELECT * FROM wages;
CREATE TABLE tripwires (id serial PRIMARY KEY, what text);
CREATE SEQUENCE numbers;
{_ROWS_POSTGRES}
INSERT INTO "Régions" VALUES ('FR', 'Sud');
CREATE FUNCTION initcap(p integer) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO tripwires(what) VALUES ('initcap'); RETURN (SELECT max(pay) FROM wages); END $$;
CREATE FUNCTION round(p text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT max(pay) FROM public.wages';
CREATE FUNCTION touch(p integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO tripwires(what) VALUES ('touch'); RETURN p; END $$;
CREATE ROLE plain LOGIN PASSWORD 'for these tests only';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain;
GRANT USAGE ON SEQUENCE numbers TO plain;
CREATE ROLE least LOGIN PASSWORD 'for these tests only';
REVOKE EXECUTE ON FUNCTION touch(integer), initcap(integer), round(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION touch(integer), initcap(integer), round(text) TO plain;
GRANT SELECT (id, name, town, joined, extras) ON clients TO least;
GRANT SELECT (id, label, kind, price) ON articles TO least;
GRANT SELECT ON sales, sale_lines, "Régions" TO least;
"""

SHOP_MYSQL = """
CREATE TABLE clients (id int PRIMARY KEY, name varchar(80), town varchar(80), joined date, extras json, email varchar(80), secret_note varchar(80));
CREATE TABLE articles (id int PRIMARY KEY, label varchar(80), kind varchar(80), price decimal(10,2), cost varchar(80));
CREATE TABLE sales (id int PRIMARY KEY, client_id int, sold_at datetime, state varchar(20), amount decimal(12,2), remark text);
CREATE TABLE sale_lines (sale_id int, article_id int, pieces int, unit_price decimal(10,2));
CREATE TABLE `Régions` (code char(2), `Nom complet` varchar(80));
CREATE TABLE wages (id int PRIMARY KEY, name varchar(80), pay varchar(80));
CREATE VIEW wage_view AS SELECT * FROM wages;
CREATE TABLE tripwires (id int AUTO_INCREMENT PRIMARY KEY, what varchar(80)) ENGINE=MyISAM;
INSERT INTO clients SELECT seq, CONCAT('Client ', seq), ELT(1 + seq % 3, 'Lyon', 'Porto', 'Málaga'), DATE '2023-01-01' + INTERVAL seq DAY,
  JSON_OBJECT('visits', seq, 'shipping', JSON_OBJECT('zip', 10000 + seq)), CONCAT('c', seq, '@CANARY.example'), CONCAT('CANARY note ', seq) FROM seq_1_to_50;
INSERT INTO articles SELECT seq, CONCAT('ART-', seq), ELT(1 + seq % 2, 'lamp', 'desk'), 9.5 + seq, CONCAT('CANARY cost ', seq) FROM seq_1_to_20;
INSERT INTO sales SELECT seq, 1 + seq % 50, TIMESTAMP '2024-01-01 09:00:00' + INTERVAL seq * 7 HOUR, ELT(1 + seq % 3, 'new', 'paid', 'sent'),
  10 + (seq * 37) % 400, IF(seq % 9 = 0, 'call; -- first', NULL) FROM seq_1_to_300;
INSERT INTO sale_lines SELECT seq, 1 + seq % 20, 1 + seq % 4, 9.5 + seq % 20 FROM seq_1_to_300;
INSERT INTO wages SELECT seq, CONCAT('CANARY staff ', seq), CONCAT('CANARY pay ', seq) FROM seq_1_to_10;
INSERT INTO `Régions` VALUES ('FR', 'Sud');
DELIMITER //
CREATE FUNCTION touch(p int) RETURNS int SQL SECURITY DEFINER BEGIN INSERT INTO tripwires (what) VALUES ('touch'); RETURN p; END //
CREATE FUNCTION regexp_like(a text, b text) RETURNS text SQL SECURITY DEFINER BEGIN INSERT INTO tripwires (what) VALUES ('like'); RETURN (SELECT MAX(pay) FROM wages); END //
DELIMITER ;
CREATE USER plain@'%' IDENTIFIED BY 'for these tests only';
GRANT SELECT, EXECUTE ON shop.* TO plain@'%';
CREATE USER least@'%' IDENTIFIED BY 'for these tests only';
GRANT SELECT (id, name, town, joined, extras) ON shop.clients TO least@'%';
GRANT SELECT (id, label, kind, price) ON shop.articles TO least@'%';
GRANT SELECT ON shop.sales TO least@'%';
GRANT SELECT ON shop.sale_lines TO least@'%';
GRANT SELECT ON shop.`Régions` TO least@'%';
"""
