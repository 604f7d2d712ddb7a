//! URIs as RFC 3986 writes them, with IPv6 zones of RFC 6874.

use std::net::Ipv6Addr;

/// Whether `text` is a URI: a scheme, then whatever follows, all of it in the
/// characters that are allowed there.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match hierarchy.strip_prefix("//") {
        None => hierarchy,
        Some(after) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
    };
    is_scheme(scheme)
        && consists_of(path, ":@/")
        && consists_of(query, ":@/?")
        && consists_of(fragment, ":@/?")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

fn is_authority(text: &str) -> bool {
    let (user, place) = text.split_once('@').unwrap_or(("", text));
    let (host_holds, port) = match place.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((literal, port)) => (is_address(literal), port),
            None => return false,
        },
        None => {
            let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
            (consists_of(host, "") && decodes_to_text(host), port)
        }
    };
    let port_holds = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|digit| digit.is_ascii_digit()),
        None => port.is_empty(),
    };
    consists_of(user, ":") && host_holds && port_holds
}

/// What stands between the brackets: an IPv6 address, with or without a zone, or
/// an address of a version yet to come.
fn is_address(text: &str) -> bool {
    if let Some(future) = text.strip_prefix(['v', 'V']) {
        return future.split_once('.').is_some_and(|(version, address)| {
            let hexadecimal = version.bytes().all(|digit| digit.is_ascii_hexdigit());
            let plain = !address.contains('%') && consists_of(address, ":");
            !version.is_empty() && hexadecimal && !address.is_empty() && plain
        });
    }
    let (address, zone) = match text.split_once("%25") {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let zone_holds = zone.is_none_or(|zone| {
        let reserved = zone.contains(|letter| SUB_DELIMITERS.contains(letter));
        !zone.is_empty() && !reserved && consists_of(zone, "") && decodes_to_text(zone)
    });
    address.parse::<Ipv6Addr>().is_ok() && zone_holds
}

const SUB_DELIMITERS: &str = "!$&'()*+,;=";

/// Whether `text` is made of unreserved characters, sub-delimiters, encoded
/// bytes and those of `more`.
fn consists_of(text: &str, more: &str) -> bool {
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let holds = match letter {
            '%' => {
                let hexadecimal = |digit: char| digit.is_ascii_hexdigit();
                rest.next().is_some_and(hexadecimal) && rest.next().is_some_and(hexadecimal)
            }
            _ => {
                letter.is_ascii_alphanumeric()
                    || "-._~".contains(letter)
                    || SUB_DELIMITERS.contains(letter)
                    || more.contains(letter)
            }
        };
        if !holds {
            return false;
        }
    }
    true
}

/// Whether the encoded bytes of a host make UTF-8.
fn decodes_to_text(host: &str) -> bool {
    let mut decoded = Vec::new();
    let mut parts = host.split('%');
    decoded.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (code, plain) = part.split_at_checked(2).unwrap_or_default();
        decoded.extend(u8::from_str_radix(code, 16));
        decoded.extend(plain.bytes());
    }
    std::str::from_utf8(&decoded).is_ok()
}
