-- One item is a solution with all that came of it, or a problem that has none.
DELETE FROM items;
CREATE TEMP TABLE rounds_of AS
    SELECT parent_id AS id, max(number) AS rounds FROM records
    WHERE kind = 'attempt' AND name NOT LIKE 'thoughts_%' -- those of controls
    GROUP BY parent_id;
CREATE TEMP TABLE pairs_of AS
    SELECT parent_id AS id, count(*) AS pairs FROM records WHERE kind = 'pair' GROUP BY parent_id;
CREATE TEMP TABLE reasons_of AS
    SELECT parent_id AS id, '|' || group_concat(DISTINCT label) || '|' AS reasons
    FROM (SELECT parent_id, replace(label, ',', ' ') AS label FROM records WHERE kind = 'rejection') GROUP BY parent_id;
CREATE TEMP TABLE decision_of AS
    SELECT parent_id AS id, label AS decision, max(id) FROM records WHERE kind = 'decision' GROUP BY parent_id;
CREATE INDEX temp.rounds_by_id ON rounds_of (id);
CREATE INDEX temp.pairs_by_id ON pairs_of (id);
CREATE INDEX temp.reasons_by_id ON reasons_of (id);
CREATE INDEX temp.decision_by_id ON decision_of (id);
INSERT INTO items (
    problem_id, solution_id, correction_id, split, student, sample, topic, level, verdict, step, rounds, pairs,
    decision, reasons, reached, problem_row, thought_row, solution_row, correction_row
)
SELECT
    p.record_id, s.record_id, c.record_id, p.name, s.label, s.number, p.topic, p.level, v.label, c.number,
    coalesce(rs.rounds, rp.rounds), coalesce(n.pairs, 0) + coalesce(ns.pairs, 0), d.decision,
    nullif(coalesce(xp.reasons, '') || coalesce(xs.reasons, '') || coalesce(xc.reasons, ''), ''),
    CASE
        WHEN n.pairs > 0 OR ns.pairs > 0 THEN 'pairs' WHEN c.id IS NOT NULL THEN 'corrections'
        WHEN v.id IS NOT NULL THEN 'verdicts' WHEN s.id IS NOT NULL THEN 'solutions' WHEN t.id IS NOT NULL THEN 'thoughts' ELSE 'problems'
    END,
    p.id, t.id, s.id, c.id
FROM records p
LEFT JOIN records t ON t.kind = 'thought' AND t.parent_id = p.record_id AND t.name = p.name
LEFT JOIN records s ON s.kind = 'solution' AND s.parent_id = p.record_id
LEFT JOIN records v ON v.kind = 'verdict' AND v.parent_id = s.record_id
LEFT JOIN records c ON c.kind = 'correction' AND c.parent_id = s.record_id
LEFT JOIN rounds_of rs ON rs.id = s.record_id
LEFT JOIN rounds_of rp ON rp.id = p.record_id AND s.id IS NULL
LEFT JOIN pairs_of n ON n.id = c.record_id
LEFT JOIN pairs_of ns ON ns.id = s.record_id -- of steps of a right solution
LEFT JOIN decision_of d ON d.id = c.record_id
LEFT JOIN reasons_of xp ON xp.id = p.record_id
LEFT JOIN reasons_of xs ON xs.id = s.record_id
LEFT JOIN reasons_of xc ON xc.id = c.record_id
WHERE p.kind = 'problem'
ORDER BY p.id, s.id;
UPDATE items SET reasons = replace(replace(reasons, ',', '|'), '||', '|') WHERE reasons IS NOT NULL;
DROP TABLE temp.rounds_of;
DROP TABLE temp.pairs_of;
DROP TABLE temp.reasons_of;
DROP TABLE temp.decision_of;
DELETE FROM facets;
INSERT INTO facets SELECT 'split', split, count(*) FROM items GROUP BY 2;
INSERT INTO facets SELECT 'reached', reached, count(*) FROM items GROUP BY 2;
INSERT INTO facets SELECT 'verdict', verdict, count(*) FROM items WHERE verdict IS NOT NULL GROUP BY 2;
INSERT INTO facets SELECT 'topic', topic, count(*) FROM items WHERE topic IS NOT NULL GROUP BY 2;
INSERT INTO facets SELECT 'level', level, count(*) FROM items WHERE level IS NOT NULL GROUP BY 2;
INSERT INTO facets SELECT 'step', step, count(*) FROM items WHERE step IS NOT NULL GROUP BY step;
INSERT INTO facets SELECT 'rounds', rounds, count(*) FROM items WHERE rounds IS NOT NULL GROUP BY rounds;
INSERT INTO facets SELECT 'reason', label, count(*) FROM records WHERE kind = 'rejection' GROUP BY 2;
INSERT INTO facets
    SELECT 'decision', coalesce(decision, 'undecided'), count(*) FROM items WHERE correction_id IS NOT NULL GROUP BY 2;
