-- The day for which derived fields are true, and what is known of later ones.

-- Days since 1970. 0 until the calendar has come by for the first time, which it
-- does before the service listens.
ALTER TABLE head ADD COLUMN today integer NOT NULL DEFAULT 0;

-- NULL until the tables are filled anew, which the step to the next format does.
ALTER TABLE agreement ADD COLUMN status {text};
-- The first day, from head.today on, on which it is another; NULL if it stays.
ALTER TABLE agreement ADD COLUMN status_until integer;
CREATE INDEX agreement_status ON agreement (status);
CREATE INDEX agreement_status_until ON agreement (status_until)
    WHERE status_until IS NOT NULL;
