-- Cooperation areas.

CREATE TABLE cooperation_area (
    key             {key} PRIMARY KEY REFERENCES record (key),
    display_name    {text} NOT NULL,
    broader_key     bigint REFERENCES record (key),
    replaced_by_key bigint REFERENCES record (key)
);
CREATE INDEX cooperation_area_display_name ON cooperation_area (display_name, key);
CREATE INDEX cooperation_area_broader ON cooperation_area (broader_key) WHERE broader_key IS NOT NULL;
CREATE INDEX cooperation_area_replaced_by ON cooperation_area (replaced_by_key) WHERE replaced_by_key IS NOT NULL;

CREATE TABLE area_label (
    key      bigint  NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    language {text},
    kind     {text},
    text     {text}  NOT NULL,
    PRIMARY KEY (key, ordinal)
) {rowless};

CREATE TABLE area_related (
    key      bigint  NOT NULL REFERENCES record (key),
    ordinal  integer NOT NULL,
    area_key bigint  NOT NULL REFERENCES record (key),
    PRIMARY KEY (key, ordinal)
) {rowless};
CREATE INDEX area_related_area ON area_related (area_key);

CREATE TABLE area_mapping (
    key     bigint  NOT NULL REFERENCES record (key),
    ordinal integer NOT NULL,
    scheme  {text}  NOT NULL,
    concept {text}  NOT NULL,
    match   {text},
    PRIMARY KEY (key, ordinal)
) {rowless};
