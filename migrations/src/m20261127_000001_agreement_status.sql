-- Which status an agreement has on which days.

-- It leaves its name to the table: that of today is a column of the agreement.
DROP INDEX agreement_status;
CREATE INDEX agreement_status_today ON agreement (status);

-- Filled by the step to the next format, like all tables that follow from records. On a day
-- without a row the status is UNKNOWN. Found by the agreement: most of all agreements have the
-- same few statuses on any day, so an index of these would find too much.
CREATE TABLE agreement_status (
    key       bigint  NOT NULL REFERENCES record (key),
    ordinal   integer NOT NULL,
    status    {text}  NOT NULL,
    from_day  integer, -- days since 1970; NULL if since ever
    until_day integer, -- the day behind the last one; NULL if for ever
    PRIMARY KEY (key, ordinal)
) {rowless};
