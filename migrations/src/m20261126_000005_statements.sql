-- Statements.

CREATE TABLE statement (
    key              {key} PRIMARY KEY REFERENCES record (key),
    kind             {text} NOT NULL,
    official_key     bigint REFERENCES record (key),
    speaker_name     {text},
    organization_key bigint REFERENCES record (key),
    country_key      bigint REFERENCES record (key),
    issued           {text},
    issued_earliest  integer,
    issued_latest    integer,
    outlet           {text},
    language         {text},
    stance           {text}
);
CREATE INDEX statement_issued ON statement (issued_earliest, issued_latest)
    WHERE issued_earliest IS NOT NULL;
CREATE INDEX statement_official ON statement (official_key) WHERE official_key IS NOT NULL;
CREATE INDEX statement_organization ON statement (organization_key) WHERE organization_key IS NOT NULL;
CREATE INDEX statement_country ON statement (country_key) WHERE country_key IS NOT NULL;

CREATE TABLE statement_subject (
    key       bigint NOT NULL REFERENCES record (key),
    ordinal   integer NOT NULL,
    about_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX statement_subject_about ON statement_subject (about_key);

CREATE TABLE statement_mention (
    key         bigint NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX statement_mention_country ON statement_mention (country_key);

CREATE TABLE statement_area (
    key      bigint NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    area_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX statement_area_area ON statement_area (area_key);

CREATE TABLE claim (
    key                 bigint NOT NULL REFERENCES record (key),
    ordinal             integer NOT NULL,
    kind                {text},
    subject             {text},
    effect              {text},
    organization_subset {text},
    modality            {text},
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE claim_beneficiary (
    key             bigint NOT NULL REFERENCES record (key),
    ordinal         integer NOT NULL,
    beneficiary_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX claim_beneficiary_beneficiary ON claim_beneficiary (beneficiary_key);

CREATE TABLE claim_country (
    key         bigint NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX claim_country_country ON claim_country (country_key);
