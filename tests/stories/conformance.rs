//! What every resource type does alike: one suite, one line for each type.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, BilateralRelation, CooperationArea, Country, Engagement, Official, Organization,
    Source, Statement,
};
use tonic::Code;
use uuid::Uuid;

use crate::listing::{filters, lists};
use crate::on_both;
use crate::standard::{
    BatchGetRequest, Client, CreateRequest, DeleteRequest, GetRequest, Sample, Shared,
    UndeleteRequest, UpdateRequest, create, delete, shared, undelete, update, with,
};
use crate::support::samples::{self, external, mask};
use crate::support::{Refusal, TestServer};

/// Runs the suite for a type: what makes a resource of a title, the text fields that
/// are required, and, of a type that names itself, what makes an id of the suite's.
macro_rules! conformance {
    ($module:ident: $type:ty, $sample:expr $(, $required:literal)* $(; $id:path)?) => {
        mod $module {
            use super::*;

            impl Sample for $type {
                const REQUIRED: &'static [&'static str] = &[$($required),*];
                $(const NAMES_ITSELF: bool = true;

                fn id(id: &str) -> String {
                    $id(id)
                })?

                fn sample(title: &str) -> Self {
                    $sample(title)
                }
            }

            conformance!(@$type: reads, creates, updates, masks, deletes, repeats, judges, lists,
                filters);
        }
    };
    (@$type:ty: $($story:ident),+) => {$(
        async fn $story(server: &TestServer) {
            super::$story::<$type>(server).await;
        }
        on_both!($story);
    )+};
}

conformance!(countries: Country, samples::country, "display_name");
conformance!(agreements: Agreement, |title| samples::agreement(title, &["KHM", "RUS"]), "title");
conformance!(cooperation_areas: CooperationArea, samples::area, "display_name");
conformance!(officials: Official, samples::official, "display_name");
conformance!(organizations: Organization, samples::organization, "display_name");
conformance!(engagements: Engagement, samples::engagement, "title");
conformance!(sources: Source, samples::source, "title");
conformance!(statements: Statement, samples::statement, "text");
conformance!(bilateral_relations: BilateralRelation, samples::relation; samples::relation_id);

/// The name of the `T` with that id.
pub fn name_of<T: Sample>(id: &str) -> String {
    format!("{}/{}", T::COLLECTION, T::canonical_id(&T::id(id)))
}

/// Asserts that `call` leaves the log where it is.
async fn unwritten<A>(server: &TestServer, call: impl Future<Output = A>) -> A {
    let before = server.clients.head_revision().await;
    let answer = call.await;
    assert_eq!(server.clients.head_revision().await, before, "nothing is written");
    answer
}

async fn reads<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let one = client.create("sample1", T::sample("One")).await.unwrap();
    let two = client.create("sample2", T::sample("Two")).await.unwrap();

    let (first, second) = (name_of::<T>("sample1"), name_of::<T>("sample2"));
    assert_eq!(client.get(&first).await.unwrap(), one);
    let names = vec![second.clone(), first.clone()];
    let both =
        client.batch_get(BatchGetRequest { names, ..BatchGetRequest::default() }).await.unwrap();
    assert_eq!(both, [two, one.clone()], "in the order asked for");

    let read_mask = mask(&["uid", "labels"]);
    let request =
        GetRequest { name: first.clone(), read_mask: read_mask.clone(), ..GetRequest::default() };
    let expected = Shared { uid: shared(&one).uid, ..Shared::default() };
    assert_eq!(client.get_request(request).await.unwrap(), with(T::default(), expected.clone()));
    let request =
        BatchGetRequest { names: vec![first.clone()], read_mask, ..BatchGetRequest::default() };
    assert_eq!(client.batch_get(request).await.unwrap(), [with(T::default(), expected)]);

    let request = GetRequest {
        name: first.clone(),
        read_mask: mask(&["uid", "nonsense"]),
        ..GetRequest::default()
    };
    client.get_request(request).await.unwrap_err().is_invalid(&["read_mask.paths[1]"]);

    let nothing = name_of::<T>("nothing");
    let refusal = client.get(&nothing).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &[]);
    assert_eq!(refusal.resource, nothing);
    let nobody = name_of::<T>("nobody");
    let names = vec![nothing.clone(), first.clone(), nobody.clone()];
    let refusal = client
        .batch_get(BatchGetRequest { names, ..BatchGetRequest::default() })
        .await
        .unwrap_err();
    assert_eq!((refusal.code, refusal.reason.as_str()), (Code::NotFound, "NOT_FOUND"));
    let told = format!("{refusal:?}");
    assert!(told.contains(&nothing) && told.contains(&nobody), "names all that miss: {told}");

    client.get("").await.unwrap_err().is_invalid(&["name"]);
    client.get("nonsense").await.unwrap_err().is_invalid(&["name"]);
    client.get("nonsense/sample1").await.unwrap_err().is_invalid(&["name"]);
    let names = vec![first, "nonsense".to_owned()];
    let refusal = client
        .batch_get(BatchGetRequest { names, ..BatchGetRequest::default() })
        .await
        .unwrap_err();
    refusal.is_invalid(&["names[1]"]);
    client.batch_get(BatchGetRequest::default()).await.unwrap_err().is_invalid(&["names"]);
}

async fn creates<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let ids = || Shared { external_ids: vec![external("wikidata", "Q1")], ..Shared::default() };
    let one = client.create("sample1", with(T::sample("One"), ids())).await.unwrap();
    let told = shared(&one);
    let head = server.clients.head().await;
    assert_eq!(told.name, name_of::<T>("sample1"));
    assert_eq!(Uuid::parse_str(&told.uid).unwrap().get_version_num(), 7);
    assert_eq!(told.revision, head.head_revision);
    assert_eq!(told.etag, format!("\"{}\"", told.revision));
    assert_eq!(told.create_time, head.head_commit_time);
    assert_eq!(told.update_time, told.create_time);

    let output = Shared {
        name: name_of::<T>("mine"),
        uid: "mine".to_owned(),
        revision: 7,
        ..Shared::default()
    };
    let id = if T::NAMES_ITSELF { "sample2" } else { "" };
    let two = shared(&client.create(id, with(T::sample("Two"), output)).await.unwrap());
    let own = two.uid.replace('-', "").to_uppercase();
    let named = [name_of::<T>(&two.uid), name_of::<T>(&own)].contains(&two.name);
    assert!(named || T::NAMES_ITSELF, "{} is named by its uid {}", two.name, two.uid);
    assert_eq!(two.revision, told.revision + 1, "output fields are ignored");

    let id_field = format!("{}_id", T::FIELD);
    let taken = unwritten(server, client.create("sample1", T::sample("Other"))).await.unwrap_err();
    taken.is(Code::AlreadyExists, "ALREADY_EXISTS", &[&id_field]);
    assert_eq!(taken.resource, told.name);
    let taken = with(T::sample("Other"), ids());
    let taken = unwritten(server, client.create("other", taken)).await.unwrap_err();
    let field = format!("{}.external_ids[0]", T::FIELD);
    taken.is(Code::AlreadyExists, "ALREADY_EXISTS", &[&field]);
    assert_eq!(taken.resource, told.name);
    let wrong = unwritten(server, client.create("no_id!", T::sample("Other"))).await.unwrap_err();
    assert_eq!((wrong.code, &wrong.fields[0]), (Code::InvalidArgument, &id_field));
    assert!(wrong.fields.len() == 1 || T::NAMES_ITSELF, "{wrong:?}");
    let empty = CreateRequest { id: "other".to_owned(), ..CreateRequest::default() };
    let refusal = unwritten(server, client.create_request(empty)).await.unwrap_err();
    refusal.is_invalid(&[T::FIELD]);
}

async fn updates<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let one = client.create("sample1", T::sample("One")).await.unwrap();
    let old = shared(&one);
    let name = old.name.clone();
    let change = |note: &str, etag: &str| {
        let (name, note, etag) = (name.clone(), note.to_owned(), etag.to_owned());
        with(T::sample("One"), Shared { name, note, etag, ..Shared::default() })
    };

    let two = client.update(update(&change("two", &old.etag), &[])).await.unwrap();
    let new = shared(&two);
    assert_eq!((&new.uid, &new.create_time), (&old.uid, &old.create_time));
    assert_eq!((new.note.as_str(), new.revision), ("two", old.revision + 1));
    let micros = |at: &Shared| at.update_time.map(|time| (time.seconds, time.nanos));
    assert!(micros(&new) > micros(&old));
    assert_eq!(client.get(&name).await.unwrap(), two);

    for paths in [&[][..], &["note"], &["*"]] {
        let stale = update(&change("three", &old.etag), paths);
        let refusal = unwritten(server, client.update(stale)).await.unwrap_err();
        let field = format!("{}.etag", T::FIELD);
        refusal.is(Code::Aborted, "ETAG_MISMATCH", &[&field]);
    }
    let same = unwritten(server, client.update(update(&change("two", ""), &[]))).await.unwrap();
    assert_eq!(same, two, "an update that changes nothing makes no commit");

    let missing = Shared { name: name_of::<T>("sample2"), ..Shared::default() };
    let missing = with(T::sample("Two"), missing);
    let refusal = unwritten(server, client.update(update(&missing, &[]))).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &[&format!("{}.name", T::FIELD)]);
    let request = UpdateRequest { allow_missing: true, ..update(&missing, &["note"]) };
    let made = client.update(request).await.unwrap();
    assert_eq!(client.get(&name_of::<T>("sample2")).await.unwrap(), made);

    let nameless = update(&T::sample("Two"), &[]);
    let refusal = unwritten(server, client.update(nameless)).await.unwrap_err();
    refusal.is_invalid(&[&format!("{}.name", T::FIELD)]);
}

async fn masks<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let labels = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let start = Shared {
        note: "old".to_owned(),
        labels: labels(&[("a", "1"), ("b", "2")]),
        ..Shared::default()
    };
    client.create("sample1", with(T::sample("One"), start)).await.unwrap();
    let name = name_of::<T>("sample1");
    let new = Shared { name, labels: labels(&[("a", "3"), ("c", "4")]), ..Shared::default() };
    let new = with(T::default(), new);

    let told = shared(&client.update(update(&new, &["labels.a"])).await.unwrap());
    assert_eq!(told.labels, labels(&[("a", "3"), ("b", "2")]));
    let told = shared(&client.update(update(&new, &["labels.b"])).await.unwrap());
    assert_eq!(told.labels, labels(&[("a", "3")]), "a key that is not sent goes");
    for (path, key) in [("labels.`a.b`", "a.b"), ("labels.`c`", "c"), ("labels.d-e", "d-e")] {
        let name = name_of::<T>("sample1");
        let one = Shared { name, labels: labels(&[(key, "5")]), ..Shared::default() };
        let one = with(T::default(), one);
        let told = shared(&client.update(update(&one, &[path])).await.unwrap());
        assert_eq!(told.labels.get(key).map(String::as_str), Some("5"), "{path}");
    }
    for path in ["labels.a.b", "labels.", "labels.``", "labels.`a.b", "labels.a`b"] {
        let refusal = unwritten(server, client.update(update(&new, &[path]))).await.unwrap_err();
        refusal.is_invalid(&["update_mask.paths[0]"]);
        assert!(refusal.message.contains("stands in backticks"), "{}", refusal.message);
    }
    let told = shared(&client.update(update(&new, &["labels", "note"])).await.unwrap());
    assert_eq!((told.labels, told.note.as_str()), (labels(&[("a", "3"), ("c", "4")]), ""));

    // An empty key with an empty value has no bytes, and is there all the same.
    let name = name_of::<T>("sample1");
    let empty =
        with(T::default(), Shared { name, labels: labels(&[("", "")]), ..Shared::default() });
    for paths in [&[][..], &["labels"]] {
        let refusal = unwritten(server, client.update(update(&empty, paths))).await.unwrap_err();
        assert!(refusal.fields[0].starts_with(&format!("{}.labels", T::FIELD)), "{refusal:?}");
    }
    let refusal = client.update(update(&new, &["note", "nonsense", "note.x"])).await;
    let wrong = ["update_mask.paths[1]", "update_mask.paths[2]"];
    unwritten(server, async { refusal }).await.unwrap_err().is_invalid(&wrong);
    if !T::REQUIRED.is_empty() {
        let refusal = unwritten(server, client.update(update(&new, &["*"]))).await.unwrap_err();
        for required in T::REQUIRED {
            let field = format!("{}.{required}", T::FIELD);
            assert!(refusal.fields.contains(&field), "what is required goes missing: {refusal:?}");
        }
    }

    let whole = Shared { name: name_of::<T>("sample1"), ..Shared::default() };
    let told = client.update(update(&with(T::sample("Two"), whole), &["*"])).await.unwrap();
    assert!(shared(&told).labels.is_empty(), "`*` replaces all");
}

async fn deletes<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let ids = || Shared { external_ids: vec![external("wikidata", "Q1")], ..Shared::default() };
    let one = client.create("sample1", with(T::sample("One"), ids())).await.unwrap();
    let old = shared(&one);
    let name = old.name.clone();

    let stale = DeleteRequest { etag: "\"1\"".to_owned(), ..delete(&name) };
    let refusal = unwritten(server, client.delete(stale)).await.unwrap_err();
    refusal.is(Code::Aborted, "ETAG_MISMATCH", &["etag"]);
    let again = || DeleteRequest { request_id: "once".to_owned(), ..delete(&name) };
    let gone = client.delete(again()).await.unwrap();
    let told = shared(&gone);
    assert_eq!((told.uid.as_str(), told.revision), (old.uid.as_str(), old.revision + 1));
    assert_eq!(unwritten(server, client.delete(again())).await.unwrap(), gone, "repeated");
    let missing = client.get(&name).await.unwrap_err();
    missing.is(Code::NotFound, "NOT_FOUND", &[]);
    assert_eq!(missing.resource_type, format!("entente/{}", T::TYPE));
    let refusal = unwritten(server, client.delete(delete(&name))).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &["name"]);

    let again = || UndeleteRequest { request_id: "back".to_owned(), ..undelete(&name) };
    let back = client.undelete(again()).await.unwrap();
    let told = shared(&back);
    assert_eq!((&told.uid, &told.create_time), (&old.uid, &old.create_time));
    assert_eq!((told.external_ids, told.revision), (old.external_ids, old.revision + 2));
    assert_eq!(unwritten(server, client.undelete(again())).await.unwrap(), back, "repeated");
    assert_eq!(client.get(&name).await.unwrap(), back);
    let refusal = unwritten(server, client.undelete(undelete(&name))).await.unwrap_err();
    refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["name"]);
    let never = undelete(&name_of::<T>("never"));
    let refusal = unwritten(server, client.undelete(never)).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &["name"]);
    assert!(refusal.message.ends_with("and there never was"), "{}", refusal.message);
    for (collection, other) in [
        ("agreements", Any::Agreement(samples::agreement("Other", &["KHM", "RUS"]))),
        ("engagements", Any::Engagement(samples::engagement("Other"))),
        ("sources", Any::Source(samples::source("Other"))),
    ] {
        let gone = format!("{collection}/other");
        server.clients.apply(vec![samples::create("other", other)]).await.unwrap();
        server.clients.apply(vec![samples::delete(&gone)]).await.unwrap();
        if collection != T::COLLECTION {
            let refusal = unwritten(server, client.undelete(undelete(&gone))).await.unwrap_err();
            refusal.is_invalid(&["name"]);
        }
    }

    client.delete(delete(&name)).await.unwrap();
    client.create("sample2", with(T::sample("Two"), ids())).await.unwrap();
    let refusal = unwritten(server, client.undelete(undelete(&name))).await.unwrap_err();
    refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["name"]);
    assert!(refusal.descriptions[0].starts_with("external_ids[0]: "), "{refusal:?}");
    let new = shared(&client.create("sample1", T::sample("New")).await.unwrap());
    assert_ne!(new.uid, old.uid, "a name may be used anew, an identity not");
}

async fn repeats<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let once = |id: &str, title: &str| CreateRequest {
        request_id: "once".to_owned(),
        ..create(id, &T::sample(title))
    };
    let first = client.create_request(once("sample1", "One")).await.unwrap();
    let again = unwritten(server, client.create_request(once("sample1", "One"))).await;
    assert_eq!(again.unwrap(), first);
    let other = unwritten(server, client.create_request(once("sample1", "Two"))).await;
    let reused = |refusal: Refusal| {
        refusal.is(Code::InvalidArgument, "REQUEST_ID_REUSED", &["request_id"]);
    };
    reused(other.unwrap_err());
    let name = name_of::<T>("sample1");
    let other = DeleteRequest { request_id: "once".to_owned(), ..delete(&name) };
    reused(unwritten(server, client.delete(other)).await.unwrap_err());

    let change = Shared { name: name.clone(), note: "new".to_owned(), ..Shared::default() };
    let change = update(&with(T::default(), change), &[]);
    let change = |request_id: &str| {
        let request_id = request_id.to_owned();
        client.update(UpdateRequest { request_id, ..change.clone() })
    };
    let changed = change("change").await.unwrap();
    let unchanged = unwritten(server, change("unchanged")).await.unwrap();
    assert_eq!(unchanged, changed);
    client.delete(delete(&name)).await.unwrap();
    assert_eq!(unwritten(server, change("change")).await.unwrap(), changed);
    assert_eq!(unwritten(server, change("unchanged")).await.unwrap(), changed);
    assert_eq!(client.create_request(once("sample1", "One")).await.unwrap(), first);

    let refused = CreateRequest { request_id: "later".to_owned(), ..once("no_id!", "One") };
    client.create_request(refused).await.unwrap_err();
    let mended = CreateRequest { request_id: "later".to_owned(), ..once("sample3", "One") };
    client.create_request(mended).await.unwrap();
}

async fn judges<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    client.create("sample1", T::sample("One")).await.unwrap();
    let name = name_of::<T>("sample1");
    let note = Shared { name: name.clone(), note: "new".to_owned(), ..Shared::default() };
    let note = with(T::default(), note);

    let request = CreateRequest { validate_only: true, ..create("sample2", &T::sample("Two")) };
    let told = unwritten(server, client.create_request(request)).await.unwrap();
    let told = shared(&told);
    assert_eq!((told.name, told.revision), (name_of::<T>("sample2"), 0));
    let request = CreateRequest { validate_only: true, ..create("sample1", &T::sample("Two")) };
    let refusal = unwritten(server, client.create_request(request)).await.unwrap_err();
    assert_eq!(refusal.code, Code::AlreadyExists, "it is judged all the same");
    let request = UpdateRequest { validate_only: true, ..update(&note, &[]) };
    assert_eq!(shared(&unwritten(server, client.update(request)).await.unwrap()).note, "new");
    let request = DeleteRequest { validate_only: true, ..delete(&name) };
    unwritten(server, client.delete(request)).await.unwrap();
    assert_eq!(shared(&client.get(&name).await.unwrap()).note, "", "nothing happened");
    client.delete(delete(&name)).await.unwrap();
    let request = UndeleteRequest { validate_only: true, ..undelete(&name) };
    unwritten(server, client.undelete(request)).await.unwrap();
    client.get(&name).await.unwrap_err().is(Code::NotFound, "NOT_FOUND", &[]);
}
