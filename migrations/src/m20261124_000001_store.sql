-- The record, its log and what the committer keeps.

-- One row: where the log stands. Every transaction that writes takes it first.
CREATE TABLE head (
    id                integer PRIMARY KEY CHECK (id = 1),
    store_id          {uuid}  NOT NULL,
    revision          bigint  NOT NULL,
    hash              {bytes} NOT NULL,
    commit_time       bigint  NOT NULL, -- microseconds since 1970
    next_key          bigint  NOT NULL,
    earliest_revision bigint  NOT NULL,
    format            integer NOT NULL, -- of stored messages and index functions
    reference_set     integer NOT NULL  -- newest reference data that was added
);

-- Every live resource as its encoded message.
CREATE TABLE record (
    key      {key} PRIMARY KEY,
    type     {text}  NOT NULL,
    name     {text}  NOT NULL UNIQUE,
    uid      {uuid}  NOT NULL,
    revision bigint  NOT NULL,
    body     {bytes} NOT NULL
);

-- Other names by which a resource is found, such as countries/KH.
CREATE TABLE alias (
    alias {text} NOT NULL,
    key   bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (alias, key)
) {rowless};
CREATE INDEX alias_key ON alias (key);

CREATE TABLE external_id (
    type   {text} NOT NULL,
    scheme {text} NOT NULL,
    value  {text} NOT NULL,
    key    bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (type, scheme, value)
) {rowless};
CREATE INDEX external_id_key ON external_id (key);

-- What was deleted last under each name, so that it can be brought back.
CREATE TABLE tombstone (
    name          {text}  PRIMARY KEY,
    key           bigint  NOT NULL,
    uid           {uuid}  NOT NULL,
    last_revision bigint  NOT NULL  -- the last one at which it lived
) {rowless};

CREATE INDEX tombstone_key ON tombstone (key);

-- The log. Append-only.
CREATE TABLE "commit" (
    revision    {key} PRIMARY KEY,
    hash        {bytes} NOT NULL, -- SHA-256 over the one before and all of this
    digest      {bytes} NOT NULL, -- SHA-256 over the changes
    commit_time bigint  NOT NULL, -- microseconds since 1970
    actor       {text}  NOT NULL,
    reason      {text}  NOT NULL,
    request_id  {text}  NOT NULL,
    format      integer NOT NULL,
    size        bigint  NOT NULL  -- bytes of its changes
);
CREATE INDEX commit_commit_time ON "commit" (commit_time);

CREATE TABLE change (
    revision          bigint  NOT NULL,
    ordinal           integer NOT NULL,
    kind              {text}  NOT NULL, -- CREATED UPDATED DELETED UNDELETED
    key               bigint  NOT NULL,
    name              {text}  NOT NULL,
    uid               {uuid}  NOT NULL,
    previous_revision bigint  NOT NULL, -- 0 if it is new
    fields            {text}  NOT NULL, -- changed fields, comma-separated
    body              {bytes} NOT NULL, -- the resource after; empty if deleted
    PRIMARY KEY (revision, ordinal)
);
CREATE INDEX change_key ON change (key, revision);

-- What was answered to a request id.
CREATE TABLE request (
    actor      {text}  NOT NULL,
    request_id {text}  NOT NULL,
    digest     {bytes} NOT NULL, -- SHA-256 of the request
    result     {bytes} NOT NULL, -- an encoded ApplyResponse
    expires    bigint  NOT NULL, -- microseconds since 1970
    PRIMARY KEY (actor, request_id)
) {rowless};
CREATE INDEX request_expires ON request (expires);
