//! How every resource type is listed and filtered: a part of the suite in conformance.rs.

use tonic::Code;

use crate::conformance::name_of;
use crate::standard::{Client, ListRequest, Sample, Shared, delete, shared, update, with};
use crate::support::TestServer;
use crate::support::samples::{external, mask};

pub async fn lists<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    for (index, title) in ["B", "a", "É", "B", "B", "Z z", "aa"].iter().enumerate() {
        client.create(&format!("sample{index}"), T::sample(title)).await.unwrap();
    }
    client.create("gone", T::sample("Gone")).await.unwrap();
    client.delete(delete(&name_of::<T>("gone"))).await.unwrap();

    let mut orders = vec![
        (String::new(), "name desc".to_owned()),
        ("create_time".to_owned(), "create_time desc".to_owned()),
    ];
    if let Some(title) = T::SORTABLE.first() {
        orders.push(((*title).to_owned(), format!("{title} desc")));
        orders.push((format!("{title},name desc"), format!("{title} desc,name")));
    }
    for (order_by, descending) in orders {
        let up = all::<T>(&client, &order_by, 29).await;
        let mut down = all::<T>(&client, &descending, 1_000).await;
        down.reverse();
        assert_eq!(up, down, "{order_by} against {descending}");
    }
    let by_name = all::<T>(&client, "", 13).await;
    assert!(by_name.is_sorted_by(|one, two| one.0 < two.0), "names, bytewise, each once");
    if let Some(title) = T::SORTABLE.first() {
        let by_title = all::<T>(&client, title, 13).await;
        assert!(by_title.is_sorted_by_key(|(_, title)| title), "titles, bytewise");
    }

    let request = |page_token: &str, order_by: &str| ListRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
        order_by: order_by.to_owned(),
        read_mask: mask(&["name"]),
        include_total_size: true,
        filter: String::new(),
        ..ListRequest::default()
    };
    let page = client.list(request("", "")).await.unwrap();
    assert_eq!(page.total_size, Some(i32::try_from(by_name.len()).unwrap()));
    let expected = Shared { name: by_name[0].0.clone(), ..Shared::default() };
    assert_eq!(page.resources[0], with(T::default(), expected));
    let token = page.next_page_token;
    let refusal = client.list(request(&token, "create_time")).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
    for malformed in ["?", &token[1..], &format!("{token}A")] {
        let refusal = client.list(request(malformed, "")).await.unwrap_err();
        refusal.is(Code::InvalidArgument, "TOKEN_MALFORMED", &["page_token"]);
    }
    for order_by in ["nonsense", "name up", "name,name", ","] {
        client.list(request("", order_by)).await.unwrap_err().is_invalid(&["order_by"]);
    }
    let request = ListRequest { page_size: -1, ..request("", "") };
    client.list(request).await.unwrap_err().is_invalid(&["page_size"]);
    let request = ListRequest { read_mask: mask(&["nonsense"]), ..ListRequest::default() };
    client.list(request).await.unwrap_err().is_invalid(&["read_mask.paths[0]"]);
}

/// The fields that every type can be filtered by.
pub async fn filters<T: Sample>(server: &TestServer) {
    let client = Client::<T>::new(&server.clients);
    let mut made = Vec::new();
    for index in 0..3 {
        let number = index.to_string();
        let own = Shared {
            external_ids: vec![external("wikidata", &format!("Q{index}"))],
            labels: [("desk".to_owned(), number.clone()), ("my key".to_owned(), "Ab".to_owned())]
                .into(),
            ..Shared::default()
        };
        let sample = with(T::sample(&format!("Filtered {index}")), own);
        made.push(shared(&client.create(&format!("sample{index}"), sample).await.unwrap()));
    }
    let note = Shared { name: made[0].name.clone(), note: "new".to_owned(), ..Shared::default() };
    let changed = shared(&client.update(update(&with(T::default(), note), &[])).await.unwrap());
    let names: Vec<_> = made.iter().map(|one| one.name.as_str()).collect();
    let time = |time: Option<prost_types::Timestamp>| time.unwrap().to_string();
    let ends = [names[0], names[2]];
    let mut questions = vec![
        (format!("name = {:?}", names[1]), &names[1..2]),
        (format!("name = {}", T::id("sample1")), &names[1..2]),
        (format!("uid = {}", made[2].uid), &names[2..3]),
        (format!("revision = {}", made[1].revision), &names[1..2]),
        (format!("revision > {}", made[1].revision), &ends[..]),
        (format!("create_time = {}", time(made[1].create_time)), &names[1..2]),
        (format!("create_time >= {}", time(made[1].create_time)), &names[1..]),
        (format!("update_time > {}", time(made[2].create_time)), &names[..1]),
        (format!("update_time <= {} AND labels:desk", time(changed.update_time)), &names[..]),
        ("labels.desk = 1".to_owned(), &names[1..2]),
        ("labels.desk != 1 AND labels.desk:*".to_owned(), &ends[..]),
        ("labels.\"my key\" : aB AND labels.desk < 1".to_owned(), &names[..1]),
        ("external_ids.value = Q2 AND external_ids.scheme = wikidata".to_owned(), &names[2..]),
    ];
    if let Some(title) = T::SORTABLE.first() {
        questions.extend([
            (format!("{title} = \"Filtered 1\""), &names[1..2]),
            (format!("{title}:\"tered\" AND -{title}:2"), &names[..2]),
            (format!("{title} > \"Filtered 0\" AND labels:*"), &names[1..]),
        ]);
    }
    for (filter, expected) in questions {
        let request = ListRequest {
            filter: filter.clone(),
            include_total_size: true,
            ..ListRequest::default()
        };
        let page = client.list(request).await.unwrap();
        let found: Vec<_> = page.resources.iter().map(|one| shared(one).name).collect();
        assert_eq!(found, expected, "{filter}");
        assert_eq!(page.total_size, Some(i32::try_from(expected.len()).unwrap()), "{filter}");
    }
}

/// Names of a whole list, page by page, and titles where there are any.
pub async fn all<T: Sample>(
    client: &Client<T>,
    order_by: &str,
    page_size: i32,
) -> Vec<(String, String)> {
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let order_by = order_by.to_owned();
        let request = ListRequest { page_size, page_token, order_by, ..ListRequest::default() };
        let page = client.list(request).await.unwrap();
        assert!(page.resources.len() <= usize::try_from(page_size).unwrap());
        listed.extend(page.resources.iter().map(|one| (shared(one).name, title(one))));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return listed;
        }
    }
}

fn title<T: Sample>(resource: &T) -> String {
    let descriptor = entente::proto::message(T::TYPE);
    let bytes = resource.encode_to_vec();
    let message = prost_reflect::DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap();
    let title = T::SORTABLE.first().map(|title| message.get_field_by_name(title).unwrap());
    title.map(|title| title.as_str().unwrap().to_owned()).unwrap_or_default()
}
