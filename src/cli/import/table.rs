//! Tables of values separated by a delimiter, whatever is wrong with them.
//!
//! A line that breaks the form is told with its place, and reading goes on behind it: a quote
//! that is not closed costs its own line and not the rest of the file.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::lines::{LONGEST, Line, Lines};

/// Bytes of the values of one table, all of which are kept in memory.
const TABLE_BYTES: usize = 256 << 20;
/// Bytes of the beginning of a file that tell how its lines end.
const BEGINNING_BYTES: u64 = 64 << 10;
/// Lines that one row may go over.
const ROW_LINES: usize = 1_000;

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) file: Arc<Path>,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<TableRow>,
    /// Lines that are no rows, and why.
    pub(super) broken: Vec<(usize, String)>,
}

/// A row, with as many values as the header.
#[derive(Debug)]
pub(super) struct TableRow {
    /// Its first line, from 1.
    pub(super) line: usize,
    pub(super) values: Vec<String>,
}

impl TableRow {
    /// About as many bytes as it has in the file.
    pub(super) fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len() + 1).sum()
    }
}

/// Reads the lines of a file, some of them again.
struct Reader {
    lines: Lines,
    again: VecDeque<Line>,
}

impl Reader {
    fn next(&mut self) -> io::Result<Option<Line>> {
        match self.again.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next_raw(),
        }
    }
}

impl Table {
    /// Reads a file; an error if it cannot be read at all.
    pub(super) fn read(path: &Path, delimiter: char) -> Result<Self, String> {
        if ends_with_cr_alone(path).map_err(|error| error.to_string())? {
            return Err("ends its lines with CR alone: save it with LF or CR LF".to_owned());
        }
        let lines = Lines::of(vec![PathBuf::from(path)]);
        let mut reader = Reader { lines, again: VecDeque::new() };
        let mut table =
            Self { file: path.into(), header: Vec::new(), rows: Vec::new(), broken: Vec::new() };
        let mut bytes = 0;
        while let Some(line) = reader.next().map_err(|error| error.to_string())? {
            let (number, is_empty) = (line.number, line.text.as_ref().is_ok_and(String::is_empty));
            if is_empty {
                continue;
            }
            let values =
                match row(line, &mut reader, delimiter).map_err(|error| error.to_string())? {
                    Ok(values) => values,
                    Err(problem) => {
                        table.broken.push((number, problem));
                        continue;
                    }
                };
            if table.header.is_empty() {
                table.head(values, number)?;
                continue;
            }
            if values.len() != table.header.len() {
                let (found, wanted) = (values.len(), table.header.len());
                let problem = format!("has {found} values, and the header {wanted}");
                table.broken.push((number, problem));
                continue;
            }
            let row = TableRow { line: number, values };
            bytes += row.bytes();
            if bytes > TABLE_BYTES {
                return Err(format!("has more than {TABLE_BYTES} bytes of values: split it"));
            }
            table.rows.push(row);
        }
        if table.header.is_empty() {
            let first = table.broken.first().map(|(line, text)| format!(": line {line} {text}"));
            return Err(format!("has no header line{}", first.unwrap_or_default()));
        }
        Ok(table)
    }

    fn head(&mut self, values: Vec<String>, line: usize) -> Result<(), String> {
        if !self.broken.is_empty() {
            let (line, problem) = &self.broken[0];
            return Err(format!("line {line}, which should be the header, {problem}"));
        }
        self.header = values.into_iter().map(|name| name.trim().to_owned()).collect();
        let places = (1..).zip(&self.header).filter(|(_, name)| name.is_empty());
        let nameless: Vec<String> = places.map(|(place, _)| place.to_string()).collect();
        if nameless.len() > 1 {
            return Err(format!(
                "has no names for the columns {} in line {line}: name them, or take them out of \
                 every line",
                nameless.join(", ")
            ));
        }
        let mut seen = HashSet::new();
        match self.header.iter().find(|name| !seen.insert(name.as_str())) {
            None => Ok(()),
            Some(name) => Err(format!("has the column {name:?} twice in line {line}")),
        }
    }
}

/// Whether lines end as on old Macintoshes, so that the whole file would be its header.
fn ends_with_cr_alone(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(BEGINNING_BYTES).read_to_end(&mut beginning)?;
    let has_cr = beginning.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n');
    Ok(has_cr && !beginning.contains(&b'\n'))
}

/// The row that begins with `line`, or why there is none.
fn row(
    line: Line,
    reader: &mut Reader,
    delimiter: char,
) -> io::Result<Result<Vec<String>, String>> {
    let text = match line.text {
        Ok(text) => text,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut parser = Parser { delimiter, ..Parser::default() };
    let mut fed = parser.feed(&text);
    let (mut more, mut bytes) = (VecDeque::new(), text.len());
    while fed == Fed::Open {
        let Some(next) = reader.next()? else { break };
        let text = next.text.clone();
        more.push_back(next);
        let Ok(text) = text else { break };
        bytes += text.len();
        if bytes > LONGEST || more.len() >= ROW_LINES {
            break;
        }
        fed = parser.feed(&text);
    }
    if fed == Fed::Whole {
        return Ok(Ok(parser.fields));
    }
    more.append(&mut reader.again);
    reader.again = more;
    Ok(Err(match fed {
        Fed::Stray => {
            "has text behind the quote that ends a value: double quotes inside".to_owned()
        }
        _ => "has a quote that is not closed".to_owned(),
    }))
}

/// What the parser says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fed {
    /// The row ends with it.
    Whole,
    /// The row goes on in the next one.
    Open,
    /// It breaks the form.
    Stray,
}

#[derive(Debug, Default)]
struct Parser {
    delimiter: char,
    fields: Vec<String>,
    field: String,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Begin,
    Plain,
    Quoted,
    /// Behind a quote inside a quoted value: its end, or one half of a quote that is meant.
    Quote,
}

impl Parser {
    fn feed(&mut self, line: &str) -> Fed {
        for one in line.chars() {
            match (self.state, one) {
                (State::Begin, '"') => self.state = State::Quoted,
                (State::Quoted, '"') => self.state = State::Quote,
                (State::Quote, '"') => {
                    self.field.push('"');
                    self.state = State::Quoted;
                }
                (State::Quoted, one) => self.field.push(one),
                (_, one) if one == self.delimiter => self.end_field(),
                (State::Quote, _) => return Fed::Stray,
                (_, one) => {
                    self.field.push(one);
                    self.state = State::Plain;
                }
            }
        }
        if self.state == State::Quoted {
            self.field.push('\n');
            return Fed::Open;
        }
        self.end_field();
        Fed::Whole
    }

    fn end_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
        self.state = State::Begin;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &[u8]) -> Result<Table, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).expect("a file");
        Table::read(&path, ',')
    }

    fn rows(table: &Table) -> Vec<(usize, Vec<&str>)> {
        let rows = table.rows.iter();
        rows.map(|row| (row.line, row.values.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn values_are_as_they_were_written() {
        let text = "\u{feff}id,text\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,it's 5\" long\r\n3,\r\n";
        let table = table(text.as_bytes()).unwrap();
        assert_eq!(table.header, ["id", "text"]);
        let expected =
            [(2, vec!["1", "a, \"b\"\nc"]), (5, vec!["2", "it's 5\" long"]), (6, vec!["3", ""])];
        assert_eq!(rows(&table), expected);
        assert_eq!(table.broken, []);
    }

    #[test]
    fn broken_lines_cost_themselves_alone() {
        let mut text = b"id,text\n1,one\n2,\"open\n3,three\n4,\"fo\"ur\n5\n6,\xff\n7,".to_vec();
        text.extend(vec![b'x'; LONGEST + 1]);
        text.extend(b"\n8,\"eight\"\n9,\"never closed");
        let table = table(&text).unwrap();
        assert_eq!(
            rows(&table),
            [(2, vec!["1", "one"]), (4, vec!["3", "three"]), (9, vec!["8", "eight"])]
        );
        let lines: Vec<usize> = table.broken.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 6, 7, 8, 10]);
        assert!(table.broken[4].1.contains("bytes"), "{:?}", table.broken);
    }

    #[test]
    fn what_is_no_table_is_told() {
        assert!(table(b"").unwrap_err().contains("no header"));
        assert!(table(b"a,b,a\n1,2,3\n").unwrap_err().contains("twice"));
        assert!(table(b"\xff\xfe,b\n1,2\n").unwrap_err().contains("UTF-8"));
        let mut old = b"id,text\r".to_vec();
        assert!(table(&old).is_ok(), "a header alone");
        old.extend(b"1,one\r".repeat(1 << 20));
        assert!(table(&old).unwrap_err().contains("CR alone"));
        let trailing = table(b"id,text,,\n1,one,,\n").unwrap_err();
        assert!(trailing.contains("no names for the columns 3, 4 in line 1"), "{trailing}");
        assert!(table(b"id,\n1,x\n").is_ok(), "one without a name is one like others");
    }
}
