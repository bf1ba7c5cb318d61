"""SQL as strangers write it: statements of one or more sessions, in an order that is given."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE acc (id int PRIMARY KEY, bal int NOT NULL CHECK (bal >= 0), name text UNIQUE);
CREATE TABLE job (id serial PRIMARY KEY, state text NOT NULL DEFAULT 'new', n bigint DEFAULT 0);
CREATE TABLE item (id bigint PRIMARY KEY, acc_id int NOT NULL REFERENCES acc (id) ON DELETE CASCADE,
  price numeric(10,2), ok boolean DEFAULT true);
CREATE TABLE log (a int, b int UNIQUE, up int REFERENCES log (b), id int PRIMARY KEY);
CREATE SEQUENCE ticket START 100;
INSERT INTO acc VALUES (1, 100, 'ann'), (2, 50, 'bob'), (3, 0, NULL);
INSERT INTO job (state) VALUES ('new'), ('new'), ('new');
INSERT INTO item VALUES (10, 1, 9.99, true), (11, 1, 5, false), (12, 2, 7.5, NULL);
"""
TABLES = ("acc", "job", "item", "log")
SCRIPTS = {
    "groups": [
        (0, "SELECT acc_id, count(*), sum(price) FROM item GROUP BY acc_id ORDER BY acc_id"),
        (0, "SELECT acc_id AS who, count(*) AS n FROM item GROUP BY who HAVING count(*) > 1"),
        (0, ("SELECT a.name, coalesce(sum(i.price), 0) AS total FROM acc a LEFT JOIN item i"
            " ON i.acc_id = a.id GROUP BY a.id ORDER BY total DESC, a.id")),
        (0, "SELECT acc_id % 2, max(price) FROM item GROUP BY acc_id % 2 ORDER BY 1"),
        (0, "SELECT count(*) FROM item HAVING count(*) > 9"),
        (0, "SELECT acc_id FROM item GROUP BY 1 ORDER BY count(*) DESC, min(id)"),
        (0, "SELECT count(*), 1 FROM item WHERE id = 99 GROUP BY acc_id"),
        (0, "SELECT name, count(*) FROM acc GROUP BY bal"),
        (0, "SELECT acc_id FROM item GROUP BY count(*)"),
        (0, "SELECT acc_id FROM item GROUP BY acc_id FOR UPDATE"),
        (0, ("UPDATE acc SET bal = bal + s.t FROM (SELECT acc_id, sum(price)::int AS t FROM item"
            " GROUP BY acc_id) s WHERE s.acc_id = acc.id")),
    ],
    "each row once": [
        (0, "SELECT DISTINCT acc_id FROM item ORDER BY acc_id"),
        (0, "SELECT DISTINCT acc_id FROM item ORDER BY acc_id LIMIT 1 OFFSET 1"),
        (0, "SELECT DISTINCT acc_id FROM item ORDER BY id"),
        (0, "SELECT count(DISTINCT acc_id), avg(price), avg(id) FROM item"),
        (0, "SELECT DISTINCT acc_id FROM item FOR UPDATE"),
        (0, "SELECT id FROM acc ORDER BY id FETCH FIRST 2 ROWS ONLY"),
    ],
    "numbers": [
        (0, "SELECT 7 / 2.0, 1 / 3.0, 10000.0 / 3, 0.0001 / 7, -7 / 2.0, 0 / 3.0, 99999 / 10001.0"),
        (0, "SELECT round(2.5), round(-2.5), round(1.235, 2), round(1234.5, -2)"),
        (0, "SELECT -7 % 3, 9007199254740993 % 10, price / 3 FROM item ORDER BY id"),
        (0, "SELECT coalesce(price, 0), greatest(price, 6), least(id, 11) FROM item ORDER BY id"),
        (0, "SELECT CASE WHEN id = 10 THEN 1 ELSE price END FROM item ORDER BY id"),
    ],
    "joins that a key starts": [
        (0, "SELECT i.id FROM item i JOIN acc a ON a.id = i.acc_id WHERE a.id = 1 ORDER BY i.id"),
        (0, "SELECT i.id, a.name FROM item i JOIN acc a ON a.id = i.acc_id ORDER BY i.id"),
        (0, ("SELECT x.id, y.id FROM acc x JOIN item i ON i.acc_id = x.id JOIN acc y"
            " ON y.id = i.id - 9 WHERE y.id = 1")),
        (0, "BEGIN"),
        (0, ("SELECT i.id FROM item i JOIN acc a ON a.id = i.acc_id WHERE a.id = 1 ORDER BY i.id"
            " FOR UPDATE OF i")),
        (1, "SELECT id FROM item ORDER BY id FOR UPDATE SKIP LOCKED"),
        (1, "SELECT id FROM acc WHERE id = 1 FOR UPDATE NOWAIT"),
    ],
    "changes in WITH": [
        (0, ("WITH gone AS (DELETE FROM item WHERE acc_id = 1 RETURNING id, price)"
            " SELECT count(*), sum(price) FROM gone")),
        (0, "WITH made AS (INSERT INTO job (state) VALUES ('x') RETURNING id) SELECT id FROM made"),
        (0, ("WITH p AS (SELECT id FROM job WHERE state = 'new' ORDER BY id FOR UPDATE SKIP LOCKED"
            " LIMIT 2) UPDATE job SET state = 'run' FROM p WHERE job.id = p.id RETURNING job.id")),
    ],
    "keys that others point at": [
        (0, "BEGIN"),
        (0, "SELECT 1 FROM acc WHERE id = 1 FOR KEY SHARE"),
        (1, "UPDATE acc SET bal = 1 WHERE id = 1"),
        (1, "UPDATE acc SET id = 40 WHERE id = 1"),
        (0, "COMMIT"),
        (1, "DELETE FROM acc WHERE id = 1"),
        (1, "INSERT INTO log VALUES (1, 1, 1, 1), (2, 2, 1, 2)"),
        (1, "INSERT INTO log VALUES (3, 3, 9, 3)"),
        (1, "UPDATE log SET b = 7 WHERE id = 1"),
        (1, "DELETE FROM log WHERE id = 1"),
    ],
    "advisory locks that are shared": [
        (0, "SELECT pg_advisory_lock_shared(7)"),
        (1, "SELECT pg_try_advisory_lock_shared(7), pg_try_advisory_lock(7)"),
        (0, "SELECT pg_try_advisory_lock(7)"),
        (1, "SELECT pg_advisory_unlock_shared(7)"),
        (0, "SELECT pg_advisory_lock(7)"),
        (1, "SELECT pg_advisory_lock_shared(7)"),
        (0, "SELECT pg_advisory_unlock(7)"),
        (0, "SELECT pg_advisory_unlock(7), pg_advisory_unlock_shared(7)"),
        (1, "SELECT pg_advisory_unlock_all()"),
    ],
    "sequences": [
        (0, "SELECT nextval('ticket'), nextval('job_id_seq'), lastval(), currval('ticket')"),
        (1, "SELECT lastval()"),
        (1, "SELECT nextval('ticket')"),
    ],
    "what the server finds wrong before any row": [
        (0, "SELECT 1 FROM log WHERE id = 'x'"),
        (0, "UPDATE acc SET id = 'y' WHERE id = 99"),
        (0, "SELECT 'x' + 1"),
        (0, "SELECT a.nothing FROM acc a"),
        (0, "SELECT %s"),
        (0, "DELETE FROM acc WHERE"),
        (0, "INSERT INTO acc VALUES (1, 2, '3', 4)"),
    ],
}  # fmt: skip
