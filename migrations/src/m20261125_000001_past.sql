-- What reads of the past ask the log.

-- Which record had a name before it was deleted.
CREATE INDEX change_deleted ON change (name, revision) WHERE kind = 'DELETED';
