use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::memory::{Truth, spans};
use super::parse::parse;
use super::syntax::{Comparator, Expression, Field, Literal};

fn read(text: &str) -> Expression {
    let read = parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    read.expect("it says something")
}

/// The same with every place 0, so that trees can be compared.
fn without_places(read: Expression) -> Expression {
    let field = |field: Field| Field { at: 0, ..field };
    let literal = |literal: Literal| Literal { at: 0, ..literal };
    match read {
        Expression::All(parts) => Expression::All(parts.into_iter().map(without_places).collect()),
        Expression::Any(parts) => Expression::Any(parts.into_iter().map(without_places).collect()),
        Expression::Not(part) => Expression::Not(Box::new(without_places(*part))),
        Expression::Possibly(part) => Expression::Possibly(Box::new(without_places(*part))),
        Expression::Compare(one, comparator, other) => {
            Expression::Compare(field(one), comparator, literal(other))
        }
        Expression::CompareOn(one, day, comparator, other) => {
            Expression::CompareOn(field(one), literal(day), comparator, literal(other))
        }
        Expression::Under(one, other) => Expression::Under(field(one), literal(other)),
    }
}

/// Reads any text at all: either it is told where in it something is wrong, or it
/// means the same when it is written anew.
fn survives(text: &str) {
    match parse(text) {
        Err(wrong) => {
            let end = text.chars().count() + 1;
            assert!((1..=end).contains(&wrong.at), "{text:?}: {wrong:?}");
            assert!(!wrong.what.is_empty());
        }
        Ok(None) => assert_eq!(text.trim(), ""),
        Ok(Some(tree)) => {
            let written = tree.to_string();
            let again = read(&written);
            assert_eq!(without_places(again), without_places(tree), "{text:?} {written:?}");
        }
    }
}

#[test]
fn a_filter_is_written_in_one_way() {
    for (text, written) in [
        ("a=1", "a = 1"),
        (" a.b : \"c d\" ", "a.b : \"c d\""),
        ("a=1 AND b=2 AND c=3", "a = 1 AND b = 2 AND c = 3"),
        ("(a=1 AND (b>=2 OR (c<3)))", "a = 1 AND (b >= 2 OR c < 3)"),
        ("-a=1", "NOT a = 1"),
        ("NOT(a=1 OR b!=2)", "NOT (a = 1 OR b != 2)"),
        ("- NOT a:*", "NOT NOT a : *"),
        ("possibly( a<2021 )", "possibly(a < 2021)"),
        ("under( areas ,x/y)", "under(areas, x/y)"),
        ("-status_on( '2016-06-01' )!=A", "NOT status_on(\"2016-06-01\") != A"),
        ("a_on(2016-06-01):A", "a_on(2016-06-01) : A"),
        ("labels.'a b' = 'it\\'s \"so\"'", "labels.\"a b\" = \"it's \\\"so\\\"\""),
        ("t > 2026-11-24T12:30:00+07:00", "t > 2026-11-24T12:30:00+07:00"),
        ("n = -5", "n = -5"),
        ("ORDER = 1 AND NOTE = 2", "ORDER = 1 AND NOTE = 2"),
    ] {
        assert_eq!(read(text).to_string(), written);
    }
    assert_eq!(parse("  "), Ok(None));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, at, said) in [
        ("treaties", 1, "words alone"),
        ("a = 1 security", 7, "AND or OR"),
        ("a = 1 and b = 2", 7, "write AND"),
        ("a = 1 AND b = 2 OR c = 3", 17, "parentheses"),
        ("a = 1 OR b = 2 AND c = 3", 16, "parentheses"),
        ("a = 1 AND", 10, "condition is missing"),
        ("AND a = 1", 1, "missing before AND"),
        ("a = 1 AND OR b = 2", 11, "missing before OR"),
        ("(a = 1", 1, "not closed"),
        ("a = 1)", 6, "closes nothing"),
        ("()", 2, "condition is missing"),
        ("a =", 4, "value is missing"),
        ("a = AND b = 1", 5, "value is missing"),
        ("a == 1", 4, "comparators"),
        ("= 1", 1, "name of a field"),
        ("a. = 1", 3, "after the dot"),
        ("\"words\"", 1, "quoted text alone"),
        ("a = \"b", 5, "quote"),
        ("é = 'ö\\n'", 7, "stands before a quote"),
        ("near(a, b)", 1, "no function near"),
        ("under(a)", 8, "resource name"),
        ("_on(a) = b", 1, "status_on(day)"),
        ("a_on()", 6, "a day must stand here"),
        ("a_on(", 6, "a day must stand here"),
        ("a_on(\"2016) = b", 6, "quote"),
        ("a_on(\"2016\" = b", 13, "`)` must stand"),
        ("a_on(b", 1, "not closed"),
        ("a_on(b) AND c = d", 9, "one of = and != and a value must stand here, behind a_on(b)"),
        ("a_on(b) =", 10, "value is missing"),
        ("possibly(a = 1, b = 2)", 15, "`)` must stand"),
        ("a = \"b\0\"", 7, "NUL"),
    ] {
        let wrong = parse(text).expect_err(text);
        assert_eq!(wrong.at, at, "{text}: {}", wrong.what);
        assert!(wrong.what.contains(said), "{text}: {}", wrong.what);
    }
}

#[test]
fn a_filter_is_neither_too_long_nor_too_deep() {
    let fits = format!("a = {}", "é".repeat(2_044));
    assert!(parse(&fits).is_ok());
    assert_eq!(parse(&format!("{fits}é")).map_err(|wrong| wrong.at), Err(2_049));
    for (open, close) in [("(", ")"), ("NOT ", ""), ("-", ""), ("possibly(", ")")] {
        let nested = |depth| format!("{}a = 1{}", open.repeat(depth), close.repeat(depth));
        assert!(parse(&nested(16)).is_ok(), "{open}");
        let wrong = parse(&nested(17)).expect_err(open);
        assert_eq!(wrong.at, 16 * open.len() + 1);
        assert!(wrong.what.contains("16 deep"), "{}", wrong.what);
    }
}

const TOKENS: &[&str] = &[
    "a",
    "parties.country",
    "labels.\"a b\"",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    ":",
    "1",
    "*",
    "\"x y\"",
    "'",
    "\"",
    "\\",
    "AND",
    "OR",
    "NOT",
    "-",
    "(",
    ")",
    ",",
    ".",
    " ",
    " ",
    " ",
    "é",
    "possibly(",
    "under(",
    "2021-12-15",
    "a = 1",
    "b:*",
    "under(areas, x)",
    "a_on(",
    "a_on(2016-06-01) = x",
    "\0",
    "\u{a0}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        survives(&text);
    }

    #[test]
    fn any_tokens_are_read_or_refused(tokens in vec(select(TOKENS), 0..24)) {
        survives(&tokens.concat());
        survives(&tokens.join(" "));
    }

    #[test]
    fn a_date_compares_as_the_days_that_it_can_be(
        ends in (0..9_i64, 0..4_i64), span in (0..9_i64, 0..4_i64)
    ) {
        let (earliest, latest) = (ends.0, ends.0 + ends.1);
        let (first, last) = (span.0, span.0 + span.1);
        for comparator in Comparator::EVERY {
            let of_day = |day: i64| match comparator {
                Comparator::Equal | Comparator::Has => (first..=last).contains(&day),
                Comparator::NotEqual => !(first..=last).contains(&day),
                Comparator::Less => day < first,
                Comparator::LessOrEqual => day <= last,
                Comparator::Greater => day > last,
                Comparator::GreaterOrEqual => day >= first,
            };
            let expected = match ((earliest..=latest).all(of_day), (earliest..=latest).any(of_day)) {
                (true, _) => Truth::Yes,
                (false, true) => Truth::Maybe,
                (false, false) => Truth::No,
            };
            prop_assert_eq!(spans(comparator, (earliest, latest), (first, last)), expected);
        }
    }
}
