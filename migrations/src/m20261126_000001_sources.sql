-- Sources.

CREATE TABLE source (
    key                {key} PRIMARY KEY REFERENCES record (key),
    title              {text} NOT NULL,
    kind               {text},
    publisher          {text},
    published          {text},
    published_earliest integer,
    published_latest   integer,
    uri                {text},
    language           {text},
    licence            {text},
    reliability        {text}
);
CREATE INDEX source_title ON source (title, key);
CREATE INDEX source_published ON source (published_earliest, published_latest)
    WHERE published_earliest IS NOT NULL;

CREATE TABLE source_author (
    key     bigint NOT NULL REFERENCES record (key),
    ordinal integer NOT NULL,
    author  {text} NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE source_quote (
    key        bigint NOT NULL REFERENCES record (key),
    ordinal    integer NOT NULL,
    quoted_key bigint NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX source_quote_quoted ON source_quote (quoted_key);
