-- Organizations.

CREATE TABLE organization (
    key                      {key} PRIMARY KEY REFERENCES record (key),
    display_name             {text} NOT NULL,
    kind                     {text},
    country_key              bigint REFERENCES record (key),
    parent_key               bigint REFERENCES record (key),
    existence_start          {text},
    existence_start_earliest integer,
    existence_start_latest   integer,
    existence_end            {text},
    existence_end_earliest   integer,
    existence_end_latest     integer,
    existence_end_kind       {text}
);
CREATE INDEX organization_display_name ON organization (display_name, key);
CREATE INDEX organization_country ON organization (country_key) WHERE country_key IS NOT NULL;
CREATE INDEX organization_parent ON organization (parent_key) WHERE parent_key IS NOT NULL;

CREATE TABLE organization_name (
    key      bigint NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    language {text},
    kind     {text},
    text     {text} NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE organization_accreditation (
    key     bigint NOT NULL REFERENCES record (key),
    ordinal integer NOT NULL,
    to_key  bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX organization_accreditation_to ON organization_accreditation (to_key);

CREATE TABLE membership (
    key            bigint NOT NULL REFERENCES record (key),
    ordinal        integer NOT NULL,
    country_key    bigint NOT NULL REFERENCES record (key),
    status         {text},
    start          {text},
    start_earliest integer,
    start_latest   integer,
    "end"          {text},
    end_earliest   integer,
    end_latest     integer,
    end_kind       {text},
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX membership_country ON membership (country_key);
