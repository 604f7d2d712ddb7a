-- Citations and warnings of every type, and organizations where countries stood alone.

CREATE TABLE citation (
    key               bigint  NOT NULL REFERENCES record (key),
    ordinal           integer NOT NULL,
    source_key        bigint  NOT NULL REFERENCES record (key),
    voice             {text},
    attributed_to_key bigint  REFERENCES record (key),
    credibility       integer, -- 1 to 6, of the Admiralty code
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX citation_source ON citation (source_key);
CREATE INDEX citation_attributed_to ON citation (attributed_to_key)
    WHERE attributed_to_key IS NOT NULL;

CREATE TABLE warning (
    key     bigint  NOT NULL REFERENCES record (key),
    ordinal integer NOT NULL,
    code    {text}  NOT NULL,
    field   {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX warning_code ON warning (code);

ALTER TABLE tenure ADD COLUMN organization_key bigint REFERENCES record (key);
CREATE INDEX tenure_organization ON tenure (organization_key) WHERE organization_key IS NOT NULL;

-- Filled anew by the step to the next format, like all tables that follow from records.
DROP TABLE agreement_party;
CREATE TABLE agreement_party (
    key              bigint  NOT NULL REFERENCES record (key),
    ordinal          integer NOT NULL,
    country_key      bigint  REFERENCES record (key), -- one of the two
    organization_key bigint  REFERENCES record (key),
    role             {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX agreement_party_country ON agreement_party (country_key)
    WHERE country_key IS NOT NULL;
CREATE INDEX agreement_party_organization ON agreement_party (organization_key)
    WHERE organization_key IS NOT NULL;
