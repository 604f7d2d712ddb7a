-- Engagements.

CREATE TABLE engagement (
    key              {key} PRIMARY KEY REFERENCES record (key),
    title            {text} NOT NULL,
    kind             {text},
    visit_class      {text},
    mode             {text},
    status           {text},
    place            {text},
    host_country_key bigint REFERENCES record (key),
    parent_key       bigint REFERENCES record (key),
    start            {text},
    start_earliest   integer,
    start_latest     integer,
    "end"            {text},
    end_earliest     integer,
    end_latest       integer,
    end_kind         {text}
);
CREATE INDEX engagement_title ON engagement (title, key);
CREATE INDEX engagement_start ON engagement (start_earliest, start_latest)
    WHERE start_earliest IS NOT NULL;
CREATE INDEX engagement_host_country ON engagement (host_country_key) WHERE host_country_key IS NOT NULL;
CREATE INDEX engagement_parent ON engagement (parent_key) WHERE parent_key IS NOT NULL;

CREATE TABLE participant (
    key              bigint NOT NULL REFERENCES record (key),
    ordinal          integer NOT NULL,
    official_key     bigint REFERENCES record (key),
    display_name     {text},
    title_on_date    {text},
    organization_key bigint REFERENCES record (key),
    country_key      bigint REFERENCES record (key),
    role             {text},
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX participant_official ON participant (official_key) WHERE official_key IS NOT NULL;
CREATE INDEX participant_organization ON participant (organization_key) WHERE organization_key IS NOT NULL;
CREATE INDEX participant_country ON participant (country_key) WHERE country_key IS NOT NULL;

CREATE TABLE engagement_area (
    key      bigint NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    area_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX engagement_area_area ON engagement_area (area_key);

CREATE TABLE engagement_topic (
    key           bigint NOT NULL REFERENCES record (key),
    ordinal       integer NOT NULL,
    text          {text} NOT NULL,
    area_key      bigint REFERENCES record (key),
    shared_by_key bigint REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX engagement_topic_area ON engagement_topic (area_key) WHERE area_key IS NOT NULL;
CREATE INDEX engagement_topic_shared_by ON engagement_topic (shared_by_key) WHERE shared_by_key IS NOT NULL;

CREATE TABLE engagement_outcome (
    key           bigint NOT NULL REFERENCES record (key),
    ordinal       integer NOT NULL,
    agreement_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX engagement_outcome_agreement ON engagement_outcome (agreement_key);

CREATE TABLE honour (
    key                   bigint NOT NULL REFERENCES record (key),
    ordinal               integer NOT NULL,
    title                 {text} NOT NULL,
    form                  {text},
    grantor_key           bigint REFERENCES record (key),
    recipient_key         bigint REFERENCES record (key),
    recipient_country_key bigint REFERENCES record (key),
    presented_by_key      bigint REFERENCES record (key),
    conferred             {text},
    conferred_earliest    integer,
    conferred_latest      integer,
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX honour_grantor ON honour (grantor_key) WHERE grantor_key IS NOT NULL;
CREATE INDEX honour_recipient ON honour (recipient_key) WHERE recipient_key IS NOT NULL;
CREATE INDEX honour_recipient_country ON honour (recipient_country_key) WHERE recipient_country_key IS NOT NULL;
CREATE INDEX honour_presented_by ON honour (presented_by_key) WHERE presented_by_key IS NOT NULL;

CREATE TABLE engagement_mention (
    key         bigint NOT NULL REFERENCES record (key),
    ordinal     integer NOT NULL,
    country_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX engagement_mention_country ON engagement_mention (country_key);
