-- The index of one run. `records` points into the run's files; `items` is what the list shows, made from it.
CREATE TABLE files (file TEXT PRIMARY KEY, inode INTEGER, mtime_ns INTEGER, size INTEGER, unreadable INTEGER);
CREATE TABLE records (
    id INTEGER PRIMARY KEY, file TEXT, start INTEGER, length INTEGER, kind TEXT, name TEXT, record_id TEXT,
    problem_id TEXT, parent_id TEXT, label TEXT, number INTEGER, topic TEXT, level TEXT, layout TEXT
);
CREATE INDEX records_by_parent ON records (kind, parent_id);
CREATE INDEX records_by_problem ON records (problem_id);
CREATE INDEX records_by_id ON records (record_id);
CREATE INDEX records_by_file ON records (file);
CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'unicode61');
CREATE TABLE items (
    id INTEGER PRIMARY KEY, problem_id TEXT, solution_id TEXT, correction_id TEXT, split TEXT, student TEXT,
    sample INTEGER, topic TEXT, level TEXT, verdict TEXT, step INTEGER, rounds INTEGER, pairs INTEGER, decision TEXT,
    reasons TEXT, reached TEXT, problem_row INTEGER, thought_row INTEGER, solution_row INTEGER, correction_row INTEGER
);
CREATE TABLE facets (facet TEXT, value TEXT, items INTEGER);
CREATE TABLE token_logps (key TEXT PRIMARY KEY, payload TEXT);
PRAGMA user_version = 2;
