//! Any text as a filter, for each type and for all: it is refused at a place inside
//! the text, or reads again as it is written.
#![no_main]

use entente::filter::Filter;
use entente::filter::parse::parse;
use entente::filter::several::Filters;
use entente::resources::REGISTRY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(text) {
        Err(wrong) => assert!((1..=text.chars().count() + 1).contains(&wrong.at), "{wrong:?}"),
        Ok(None) => {}
        Ok(Some(read)) => {
            let written = read.to_string();
            let again = parse(&written).expect("it is as it was written").expect("it is not empty");
            assert_eq!(again.to_string(), written);
        }
    }
    let kinds: Vec<_> = REGISTRY.0.iter().collect();
    let of_all = Filters::new(*REGISTRY, &kinds, text);
    let of_each = kinds.iter().map(|kind| Filter::new(*REGISTRY, kind, text));
    if of_each.into_iter().any(|one| one.is_ok()) {
        assert!(of_all.is_ok(), "what one type can be asked, all can");
    }
});
