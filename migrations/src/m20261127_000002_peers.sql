-- By what a record finds those that could be the same, or stand in the same place.

-- NULL until the tables are filled anew, which the step to the next format does.
-- The same for the same parties and day of signature; NULL where these are not known.
ALTER TABLE agreement ADD COLUMN likeness bigint;
CREATE INDEX agreement_likeness ON agreement (likeness, key) WHERE likeness IS NOT NULL;

-- The same for the same post, if one person holds it at a time; else NULL.
ALTER TABLE tenure ADD COLUMN post bigint;
CREATE INDEX tenure_post ON tenure (post, key) WHERE post IS NOT NULL;
