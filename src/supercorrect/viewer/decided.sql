-- What decisions alone change.
UPDATE items SET decision = (
    SELECT label FROM records WHERE kind = 'decision' AND parent_id = items.correction_id ORDER BY id DESC LIMIT 1
) WHERE correction_id IN (SELECT parent_id FROM records WHERE kind = 'decision') OR decision IS NOT NULL;
DELETE FROM facets WHERE facet = 'decision';
INSERT INTO facets
    SELECT 'decision', coalesce(decision, 'undecided'), count(*) FROM items WHERE correction_id IS NOT NULL GROUP BY 2;
