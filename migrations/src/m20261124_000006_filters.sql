-- What filters look at and was not in a table yet, and the indexes for them.

-- Microseconds since 1970. 0 until the tables are filled anew, which the step to
-- the next format does.
ALTER TABLE record ADD COLUMN create_time bigint NOT NULL DEFAULT 0;

CREATE TABLE label (
    key   bigint NOT NULL REFERENCES record (key),
    name  {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (key, name)
) {rowless};
CREATE INDEX label_name_value ON label (name, value);

CREATE INDEX external_id_value ON external_id (value);
CREATE INDEX agreement_action_date ON agreement_action (date_earliest, date_latest)
    WHERE date_earliest IS NOT NULL;
CREATE INDEX agreement_expires ON agreement (expires_earliest, expires_latest)
    WHERE expires_earliest IS NOT NULL;
