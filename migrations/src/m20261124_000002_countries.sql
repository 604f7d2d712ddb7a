-- Countries.

CREATE TABLE country (
    key                {key} PRIMARY KEY REFERENCES record (key),
    display_name       {text} NOT NULL,
    alpha2             {text},
    alpha3             {text},
    "numeric"          {text},
    kind               {text},
    region             {text},
    capital            {text},
    existence_start    {text},
    existence_start_earliest integer, -- days since 1970
    existence_start_latest   integer,
    existence_end      {text},
    existence_end_earliest   integer,
    existence_end_latest     integer,
    existence_end_kind {text}
);
CREATE INDEX country_display_name ON country (display_name, key);

CREATE TABLE country_name (
    key      bigint  NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    language {text},
    kind     {text},
    text     {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE country_relation (
    key         bigint  NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    kind        {text}  NOT NULL, -- PREDECESSOR SUCCESSOR SOVEREIGN
    country_key bigint  NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX country_relation_country ON country_relation (country_key);
