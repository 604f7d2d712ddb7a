//! Writes Rust with indentation.

/// Code under construction. A line that ends with an opening brace indents those
/// after it, one that begins with a closing brace ends that.
#[derive(Default)]
pub struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Adds a line, or several.
    pub fn line(&mut self, lines: impl AsRef<str>) {
        for line in lines.as_ref().lines().map(str::trim) {
            if line.starts_with(['}', ')']) {
                self.depth -= 1;
            }
            if !line.is_empty() {
                self.text.push_str(&"    ".repeat(self.depth));
                self.text.push_str(line);
            }
            self.text.push('\n');
            if line.ends_with(['{', '(']) {
                self.depth += 1;
            }
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// The name that a field has in Rust.
pub fn field_name(name: &str) -> String {
    const KEYWORDS: [&str; 14] = [
        "as", "box", "enum", "fn", "for", "impl", "in", "loop", "match", "mod", "move", "ref",
        "type", "use",
    ];
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// `AgreementParty` as `agreement_party`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// `agreement_party` as `AgreementParty`.
pub fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}
