-- By which day lists are sorted.

-- Days since 1970: the earliest that the date can mean, and the first of all days where there
-- is none. A page goes on behind a value, and none compares with NULL.
-- Filled anew by the step to the next format.
ALTER TABLE agreement ADD COLUMN first_day integer NOT NULL DEFAULT -2147483648;
ALTER TABLE engagement ADD COLUMN first_day integer NOT NULL DEFAULT -2147483648;
CREATE INDEX engagement_first_day ON engagement (first_day, key);
ALTER TABLE bilateral_relation ADD COLUMN first_day integer NOT NULL DEFAULT -2147483648;
CREATE INDEX bilateral_relation_first_day ON bilateral_relation (first_day, key);
ALTER TABLE statement ADD COLUMN first_day integer NOT NULL DEFAULT -2147483648;
CREATE INDEX statement_first_day ON statement (first_day, key);
ALTER TABLE source ADD COLUMN first_day integer NOT NULL DEFAULT -2147483648;
CREATE INDEX source_first_day ON source (first_day, key);
