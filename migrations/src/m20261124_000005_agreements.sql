-- Agreements.

CREATE TABLE agreement (
    key              {key} PRIMARY KEY REFERENCES record (key),
    title            {text} NOT NULL,
    short_title      {text},
    form             {text} NOT NULL,
    legal_force      {text},
    place            {text},
    depositary       {text},
    expires          {text},
    expires_earliest integer, -- days since 1970
    expires_latest   integer
);
CREATE INDEX agreement_title ON agreement (title, key);

CREATE TABLE agreement_party (
    key         bigint  NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint  NOT NULL REFERENCES record (key),
    role        {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_party_country ON agreement_party (country_key);

-- Areas of the agreement as a whole and of its commitments.
CREATE TABLE agreement_area (
    key        bigint  NOT NULL REFERENCES record (key),
    ordinal    integer NOT NULL,
    area_key   bigint  NOT NULL REFERENCES record (key),
    commitment integer, -- index of the commitment; empty if of the whole
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_area_area ON agreement_area (area_key);

CREATE TABLE agreement_action (
    key                bigint  NOT NULL REFERENCES record (key),
    ordinal            integer NOT NULL,
    kind               {text}  NOT NULL,
    party_key          bigint, -- one of the agreement's parties; empty if all
    date               {text},
    date_earliest      integer, -- days since 1970
    date_latest        integer,
    effective          {text},
    effective_earliest integer,
    effective_latest   integer,
    ground             {text},
    cause_key          bigint  REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_action_cause ON agreement_action (cause_key) WHERE cause_key IS NOT NULL;

CREATE TABLE agreement_signatory (
    key           bigint  NOT NULL REFERENCES record (key),
    ordinal       integer NOT NULL,
    official_key  bigint  NOT NULL REFERENCES record (key),
    title_on_date {text},
    party_key     bigint,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_signatory_official ON agreement_signatory (official_key);

CREATE TABLE agreement_link (
    key           bigint  NOT NULL REFERENCES record (key),
    ordinal       integer NOT NULL,
    kind          {text}  NOT NULL,
    agreement_key bigint  NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_link_agreement ON agreement_link (agreement_key);
