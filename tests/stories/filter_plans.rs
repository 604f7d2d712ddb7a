//! Filters that users often send are answered by indexes.

use std::collections::{BTreeSet, HashMap};
use std::iter;

use entente::api::listing::Query;
use entente::api::past::AsOf;
use entente::filter::Filter;
use entente::filter::field::{RECORD, Values, filterable};
use entente::resources::REGISTRY;
use entente::store::{list, peers};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement,
};

use crate::filter_made::values_of;
use crate::support::database::TestDatabase;
use crate::support::{Database, TestServer};

/// What the plan of a list with that filter has to say: the type, the filter, the
/// indexes in the order of the plan.
const PLANS: [(&str, &str, &[&str]); 20] = [
    ("Agreement", "parties.country = KHM AND parties.country = RUS", &["agreement_party_country"]),
    ("Agreement", "under(areas, counter-terrorism)", &["agreement_area_area"]),
    (
        "Agreement",
        "parties.country = KHM AND form = TREATY AND actions.date >= 1919",
        &["agreement_party_country"],
    ),
    ("Agreement", "actions.date >= 2019", &["agreement_action_date"]),
    ("Agreement", "actions.date = 2019", &["agreement_action_date"]),
    (
        "Agreement",
        "term.expires_on >= 2026-11-24 AND term.expires_on <= 2027-11-24",
        &["agreement_expires"],
    ),
    ("Agreement", "labels.desk = asia", &["label_name_value"]),
    ("Agreement", "status = IN_FORCE AND parties.country = KHM", &["agreement_party_country"]),
    ("Agreement", "status = SUSPENDED", &["agreement_status_today"]),
    (
        "Agreement",
        "parties.country = KHM AND parties.country = RUS AND status_on(\"2016-06-01\") = IN_FORCE",
        &["agreement_party_country"],
    ),
    (
        "Agreement",
        "parties.country = KHM AND (status_on(\"2016-06-01\") = IN_FORCE OR \
         NOT status_on(\"2026-06-01\") = UNKNOWN)",
        &["agreement_party_country"],
    ),
    ("Agreement", "citations.source = post", &["citation_source"]),
    ("Agreement", "warnings.code = YEAR_UNKNOWN", &["warning_code"]),
    ("Official", "tenures.country = KHM AND tenures.rank = FOREIGN_MINISTER", &["tenure_country"]),
    ("Official", "tenures.organization = army", &["tenure_organization"]),
    ("Organization", "members.country = KHM AND members.status = MEMBER", &["membership_country"]),
    (
        "Engagement",
        "participants.country = KHM AND participants.country = RUS",
        &["participant_country"],
    ),
    ("Engagement", "honours.grantor = \"countries/KHM\"", &["honour_grantor"]),
    ("Statement", "about = \"countries/KHM\"", &["statement_subject_about"]),
    ("BilateralRelation", "countries = KHM AND level = AMBASSADOR", &["relation_country_country"]),
];

/// What the names of the tables begin with that no plan reads as a whole.
const FACTS: [&str; 9] = [
    "agreement_",
    "citation",
    "honour",
    "membership",
    "participant",
    "relation_",
    "statement_",
    "tenure",
    "warning",
];

/// 20,000 agreements of a hundred years, each of two of 200 countries, and most
/// of them in one area, so that each filter finds few; as rows alone, since plans do not
/// look at messages. Of other types there are 5,000 each, spread over the same countries.
const ROWS: &str = "
    CREATE TABLE n AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        SELECT n, 100000 + n AS key FROM n;
    CREATE TABLE c AS SELECT row_number() OVER (ORDER BY key) AS i, key FROM country;
    CREATE TABLE a AS SELECT row_number() OVER (ORDER BY key) AS i, key FROM cooperation_area;
    INSERT INTO record (key, type, name, uid, revision, body)
        SELECT key, 'Agreement', 'agreements/x' || n, (SELECT uid FROM record LIMIT 1), 1,
            (SELECT body FROM record LIMIT 1) FROM n;
    INSERT INTO agreement (key, title, form, expires, expires_earliest, expires_latest, status,
            first_day, likeness)
        SELECT key, 'Title', 'TREATY', '2000', n * 2, n * 2 + 30,
            CASE n % 100 WHEN 0 THEN 'SUSPENDED' ELSE 'IN_FORCE' END, n,
            CASE n % 2 WHEN 0 THEN 0 ELSE n END FROM n;
    INSERT INTO agreement_party (key, ordinal, country_key, role)
        SELECT n.key, 0, c.key, 'PARTY' FROM n JOIN c ON c.i = n % 200 + 1;
    INSERT INTO agreement_party (key, ordinal, country_key, role)
        SELECT n.key, 1, c.key, 'PARTY' FROM n JOIN c ON c.i = (n / 200) % 200 + 1;
    INSERT INTO agreement_area (key, ordinal, area_key)
        SELECT n.key, 0, a.key FROM n JOIN a
            ON a.i = CASE n % 50 WHEN 0 THEN (n / 50) % 50 + 1 ELSE 50 END;
    INSERT INTO agreement_action (key, ordinal, kind, date, date_earliest, date_latest)
        SELECT key, 0, 'SIGNATURE', '2000', n * 2 - 22000, n * 2 - 22000 FROM n;
    INSERT INTO agreement_status (key, ordinal, status, from_day, until_day)
        SELECT key, 0, 'SIGNED', n * 2 - 22000, n * 2 - 21900 FROM n;
    INSERT INTO agreement_status (key, ordinal, status, from_day)
        SELECT key, 1, 'IN_FORCE', n * 2 - 21900 FROM n;
    INSERT INTO agreement_link (key, ordinal, kind, agreement_key)
        SELECT key, 0, 'RELATED', key FROM n;
    INSERT INTO label (key, name, value) SELECT key, 'desk', 'x' || n FROM n;
    INSERT INTO citation (key, ordinal, source_key)
        SELECT n.key, 0, c.key FROM n JOIN c ON c.i = n % 200 + 1;
    INSERT INTO warning (key, ordinal, code, field)
        SELECT key, 0, CASE n % 100 WHEN 0 THEN 'YEAR_UNKNOWN' ELSE 'PARTIES_INCOMPLETE' END, ''
        FROM n;
    INSERT INTO record (key, type, name, uid, revision, body)
        SELECT t.first + n, t.type, t.collection || '/x' || n, (SELECT uid FROM record LIMIT 1), 1,
            (SELECT body FROM record LIMIT 1)
        FROM n, (SELECT 200000 AS first, 'Official' AS type, 'officials' AS collection
            UNION ALL SELECT 300000, 'Organization', 'organizations'
            UNION ALL SELECT 400000, 'Engagement', 'engagements'
            UNION ALL SELECT 500000, 'Statement', 'statements'
            UNION ALL SELECT 600000, 'BilateralRelation', 'bilateralRelations'
            UNION ALL SELECT 700000, 'Source', 'sources') AS t
        WHERE n <= 5000;
    CREATE TABLE m AS SELECT n.n, c.key AS one, d.key AS other
        FROM n JOIN c ON c.i = n % 200 + 1 JOIN c AS d ON d.i = (n / 200) % 200 + 1
        WHERE n <= 5000;
    INSERT INTO tenure (key, ordinal, title, rank, country_key, organization_key, post)
        SELECT 200000 + n, 0, 'Title', 'FOREIGN_MINISTER', one, one,
            CASE n % 2 WHEN 0 THEN 0 ELSE n END FROM m;
    INSERT INTO membership (key, ordinal, country_key, status)
        SELECT 300000 + n, 0, one, 'MEMBER' FROM m;
    INSERT INTO engagement (key, title, first_day) SELECT 400000 + n, 'Title', n FROM m;
    INSERT INTO participant (key, ordinal, country_key) SELECT 400000 + n, 0, one FROM m;
    INSERT INTO participant (key, ordinal, country_key) SELECT 400000 + n, 1, other FROM m;
    INSERT INTO honour (key, ordinal, title, grantor_key)
        SELECT 400000 + n, 0, 'Title', one FROM m;
    INSERT INTO statement (key, kind, first_day) SELECT 500000 + n, 'REMARKS', n FROM m;
    INSERT INTO statement_subject (key, ordinal, about_key) SELECT 500000 + n, 0, one FROM m;
    INSERT INTO bilateral_relation (key, level, first_day)
        SELECT 600000 + n, 'AMBASSADOR', n FROM m;
    INSERT INTO relation_country (key, ordinal, country_key) SELECT 600000 + n, 0, one FROM m;
    INSERT INTO source (key, title, first_day) SELECT 700000 + n, 'Title', n FROM m;
";

async fn connect(kind: Database) -> (TestDatabase, DatabaseConnection) {
    let database = TestServer::start(kind).await.stop().await;
    let mut options = ConnectOptions::new(&database.url);
    let options = options.max_connections(1).to_owned();
    (database, sea_orm::Database::connect(options).await.unwrap())
}

async fn fill(db: &DatabaseConnection) {
    let rows = match db.get_database_backend() {
        // Its statistics come by themselves after a while.
        DbBackend::Postgres => format!("{ROWS} ANALYZE"),
        _ => ROWS.to_owned(),
    };
    db.execute_unprepared(&rows).await.unwrap();
}

async fn keys(db: &DatabaseConnection) -> HashMap<String, i64> {
    let text = "SELECT name, key FROM record";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), text)).await;
    let rows = rows.unwrap();
    let key =
        |row: &QueryResult| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    rows.iter().map(key).collect()
}

async fn plan(
    db: &DatabaseConnection,
    keys: &HashMap<String, i64>,
    type_name: &str,
    text: &str,
    (order_by, after): (&str, Option<Vec<String>>),
) -> String {
    let kind = REGISTRY.by_type(type_name).unwrap();
    let mut filter = Filter::new(*REGISTRY, kind, text).unwrap();
    if let Some(filter) = &mut filter {
        let key = |name: &str| keys.get(name).copied().unwrap_or_default();
        filter.bind(|name| vec![(key(name), name.to_owned())]).unwrap();
        let below = |root| [root, root + 1, root + 2].map(|key: i64| (key, key.to_string()));
        filter.expand(|_, root| below(root).into());
    }
    let query = Query::new(kind, order_by, filter, AsOf::Now, None).unwrap();
    explained(db, list::statement(db.get_database_backend(), &query.page(50, after, false))).await
}

async fn explained(db: &DatabaseConnection, statement: Statement) -> String {
    let Statement { sql, values, db_backend: backend } = statement;
    let (explain, column) = match backend {
        DbBackend::Postgres => ("EXPLAIN", 0),
        _ => ("EXPLAIN QUERY PLAN", 3),
    };
    let explained = Statement { sql: format!("{explain} {sql}"), values, db_backend: backend };
    let rows = db.query_all_raw(explained).await.unwrap();
    let lines = rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn common_filters_use_indexes_on_sqlite() {
    common_filters_use_indexes(Database::Sqlite).await;
}

#[tokio::test]
async fn common_filters_use_indexes_on_postgres() {
    common_filters_use_indexes(Database::Postgres).await;
}

async fn common_filters_use_indexes(kind: Database) {
    let (database, db) = connect(kind).await;
    fill(&db).await;
    let keys = keys(&db).await;
    let orders = PLANS.iter().flat_map(|one| {
        let dated = REGISTRY.by_type(one.0).unwrap().dated;
        iter::once((one, String::new())).chain(dated.map(|date| (one, format!("{date} desc"))))
    });
    for ((type_name, filter, indexes), order_by) in orders {
        let plan = plan(&db, &keys, type_name, filter, (&order_by, None)).await;
        let mut rest = plan.as_str();
        for index in *indexes {
            let place = rest.find(index);
            let place = place
                .unwrap_or_else(|| panic!("{filter}, {order_by:?}: does not use {index}:\n{plan}"));
            rest = &rest[place + index.len()..];
        }
        assert!(
            !plan.contains("SCAN f")
                && !FACTS.iter().any(|table| plan.contains(&format!("Seq Scan on {table}"))),
            "{filter}:\n{plan}"
        );
        if kind == Database::Sqlite {
            // Few records are found by their keys, and not all of the type read.
            let by_key = "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)";
            assert!(plan.contains(by_key), "{filter}:\n{plan}");
        }
    }
    db.close().await.unwrap();
    database.remove().await;
}

/// Pages in the order of dates are read in that order.
async fn lists_by_date_use_indexes(kind: Database) {
    let (database, db) = connect(kind).await;
    fill(&db).await;
    let all = HashMap::new();
    for (type_name, index, key) in [
        ("Engagement", "engagement_first_day", 402_500),
        ("Statement", "statement_first_day", 502_500),
        ("BilateralRelation", "bilateral_relation_first_day", 602_500),
        ("Source", "source_first_day", 702_500),
    ] {
        let date = REGISTRY.by_type(type_name).unwrap().dated.unwrap();
        for order_by in [date.to_owned(), format!("{date} desc")] {
            for after in [None, Some(vec!["2500".to_owned(), key.to_string()])] {
                let begins = after.is_none();
                let plan = plan(&db, &all, type_name, "", (&order_by, after)).await;
                let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
                assert!(plan.contains(index) && !sorts, "{order_by}:\n{plan}");
                // A later page begins at its values; SQLite steps over those of the same day.
                let ways = ["Index Cond: (ROW(first_day, key)", "(first_day>?)", "(first_day<?)"];
                let seeks = ways.iter().any(|way| plan.contains(way));
                assert!(begins || seeks, "{order_by}:\n{plan}");
            }
        }
    }
    db.close().await.unwrap();
    database.remove().await;
}

#[tokio::test]
async fn lists_by_date_use_indexes_on_sqlite() {
    lists_by_date_use_indexes(Database::Sqlite).await;
}

#[tokio::test]
async fn lists_by_date_use_indexes_on_postgres() {
    lists_by_date_use_indexes(Database::Postgres).await;
}

/// What a record is compared with is found by an index, and of the thousands that may
/// have something in common no more than are compared are looked at.
async fn peers_use_indexes(kind: Database) {
    let (database, db) = connect(kind).await;
    fill(&db).await;
    let wanted = ["Agreement", "Official"].map(|of| (of, BTreeSet::from([0, 1, 2, 3])));
    let wanted = wanted.into_iter().collect();
    let query = peers::query(db.get_database_backend(), *REGISTRY, &wanted);
    let plan = explained(&db, query.clone()).await;
    let (parts, whole): (&[&str], _) = match kind {
        Database::Sqlite => (
            &[
                "agreement_likeness (likeness=? AND key=?",
                "SEARCH o USING",
                "tenure_post (post=? AND key=?",
            ],
            "SCAN p",
        ),
        Database::Postgres => {
            (&["Limit", "agreement_likeness", "agreement_link_pkey", "tenure_post"], "Seq Scan on")
        }
    };
    assert!(parts.iter().all(|part| plan.contains(part)), "{plan}");
    assert!(!plan.contains(whole), "{plan}");
    // Of the four numbers two are of one record each, and one is of thousands.
    let mut counts = HashMap::new();
    for row in db.query_all_raw(query).await.unwrap() {
        let of: String = row.try_get_by_index(0).unwrap();
        *counts.entry(of).or_insert(0) += 1;
    }
    assert_eq!(counts, ["Agreement", "Official"].map(|of| (of.to_owned(), 22)).into());
    db.close().await.unwrap();
    database.remove().await;
}

#[tokio::test]
async fn peers_use_indexes_on_sqlite() {
    peers_use_indexes(Database::Sqlite).await;
}

#[tokio::test]
async fn peers_use_indexes_on_postgres() {
    peers_use_indexes(Database::Postgres).await;
}

/// What is declared to have an index has one that finds a value.
#[tokio::test]
async fn indexes_that_are_declared_are_there() {
    let (database, db) = connect(Database::Sqlite).await;
    for kind in REGISTRY.0 {
        for field in filterable(kind).filter(|field| field.indexed) {
            let (path, value) = match field.values {
                Values::Date => (field.path.to_owned(), "2021".to_owned()),
                Values::Map => (format!("{}.desk", field.path), "x".to_owned()),
                Values::Enum => (field.path.to_owned(), values_of(kind, field.path)[0].clone()),
                Values::Reference("*") => (field.path.to_owned(), "countries/KHM".to_owned()),
                _ => (field.path.to_owned(), "x".to_owned()),
            };
            let text = format!("{path} = {value}");
            let plan = plan(&db, &HashMap::new(), kind.type_name, &text, ("", None)).await;
            let found = match field.table {
                RECORD => plan.contains("SEARCH r") && plan.contains("=?)"),
                _ => plan.contains("SEARCH f"),
            };
            assert!(found && !plan.contains("SCAN f"), "{path} of {}:\n{plan}", kind.type_name);
        }
    }
    db.close().await.unwrap();
    database.remove().await;
}
