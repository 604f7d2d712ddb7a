//! Any text as a token: it is refused, or is the one way to write what it says.
#![no_main]

use entente::feed::token::Token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(token) = Token::decode(text, "token") {
        assert_eq!(token.encode(), text);
    }
});
