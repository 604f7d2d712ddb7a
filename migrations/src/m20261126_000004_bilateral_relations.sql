-- Bilateral relations.

CREATE TABLE bilateral_relation (
    key                  {key} PRIMARY KEY REFERENCES record (key),
    level                {text},
    established          {text},
    established_earliest integer,
    established_latest   integer,
    derived_until        integer
);
CREATE INDEX bilateral_relation_level ON bilateral_relation (level)
    WHERE level IS NOT NULL;
CREATE INDEX bilateral_relation_derived_until ON bilateral_relation (derived_until)
    WHERE derived_until IS NOT NULL;

CREATE TABLE relation_country (
    key         bigint NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX relation_country_country ON relation_country (country_key);

CREATE TABLE relation_event (
    key           bigint NOT NULL REFERENCES record (key),
    ordinal       integer NOT NULL,
    kind          {text} NOT NULL,
    level         {text},
    date          {text},
    date_earliest integer,
    date_latest   integer,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX relation_event_date ON relation_event (date_earliest, date_latest)
    WHERE date_earliest IS NOT NULL;
