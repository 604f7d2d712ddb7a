-- Officials.

CREATE TABLE official (
    key            {key} PRIMARY KEY REFERENCES record (key),
    display_name   {text} NOT NULL,
    given_name     {text},
    family_name    {text} NOT NULL,
    birth          {text},
    birth_earliest integer, -- days since 1970
    birth_latest   integer,
    death          {text},
    death_earliest integer,
    death_latest   integer
);
CREATE INDEX official_display_name ON official (display_name, key);
CREATE INDEX official_family_name ON official (family_name, key);

CREATE TABLE official_name (
    key      bigint  NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    language {text},
    script   {text},
    text     {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE official_nationality (
    key         bigint  NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint  NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX official_nationality_country ON official_nationality (country_key);

CREATE TABLE tenure (
    key            bigint  NOT NULL REFERENCES record (key),
    ordinal        integer NOT NULL,
    title          {text}  NOT NULL,
    country_key    bigint  REFERENCES record (key),
    rank           {text},
    capacity       {text},
    start          {text},
    start_earliest integer, -- days since 1970
    start_latest   integer,
    "end"          {text},
    end_earliest   integer,
    end_latest     integer,
    end_kind       {text},
    end_reason     {text},
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX tenure_country ON tenure (country_key) WHERE country_key IS NOT NULL;
