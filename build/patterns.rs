//! The patterns that texts have to match.

use crate::code::Code;
use crate::schema::Fallible;

/// What a pattern asks for, in words; without, the pattern itself is told.
const WORDS: [(&str, &str); 5] = [
    (
        "^(Y-?[1-9][0-9]{4,5}|-?[0-9X]{4}(-[0-9X]{2}(-[0-9X]{2})?)?)[?~%]?$",
        "must be an EDTF date such as 2021, 2021-12, 2021-12-15, 2021~ or XXXX-12-15",
    ),
    ("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", "must be a BCP 47 language tag such as fr or zh-Hant"),
    (
        "[^\u{0009}-\u{000d} \u{0085}\u{00a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]",
        "must not be white space alone",
    ),
    ("^[0-9a-f]{64}$", "must be 64 lower-case hexadecimal digits"),
    ("^(-?[0-9]{4}-[0-9]{2}-[0-9]{2})?$", "must be a day, such as 2021-12-15"),
];

/// Writes the patterns, each compiled when it is first needed.
pub fn write(patterns: &[String], code: &mut Code) -> Fallible<()> {
    if let Some((stale, _)) =
        WORDS.iter().find(|(pattern, _)| !patterns.iter().any(|used| used == pattern))
    {
        return Err(format!("build/patterns.rs has words for {stale}, which no field has"));
    }
    for (index, pattern) in patterns.iter().enumerate() {
        // These classes differ between RE2 and the engine used here.
        if let Some(class) = ["\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\b", "\\B"]
            .iter()
            .find(|class| pattern.contains(**class))
        {
            return Err(format!("the pattern {pattern} uses {class}: write out the characters"));
        }
        regex::Regex::new(pattern).map_err(|error| format!("the pattern {pattern}: {error}"))?;
        let words = WORDS.iter().find(|(known, _)| known == pattern);
        let words =
            words.map_or_else(|| format!("must match {pattern}"), |(_, words)| (*words).to_owned());
        code.line(format!("\nstatic PATTERN_{index}: checks::Pattern ="));
        code.line(format!("checks::Pattern::new(|| checks::compile({pattern:?}), {words:?});"));
    }
    Ok(())
}
