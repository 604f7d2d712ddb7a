//! Lines of files, however long, whatever is in them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

/// Bytes of a line at most: a message that the service takes.
pub(super) const LONGEST: usize = crate::model::limits::MESSAGE_IN_BYTES;

/// A line, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) file: Arc<Path>,
    /// From 1.
    pub(super) number: usize,
    /// What stands there, or why it cannot be read.
    pub(super) text: Result<String, String>,
    /// Its bytes, with its end.
    pub(super) size: u64,
}

/// The lines of files, one file after the other.
#[derive(Debug)]
pub(super) struct Lines {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<(Arc<Path>, BufReader<File>, usize)>,
}

impl Lines {
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        Self { files: files.into_iter(), open: None }
    }

    /// The next line that is not empty, without white space around it; an error if a file
    /// cannot be read on.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        while let Some(mut line) = self.next_raw()? {
            line.text = line.text.map(|text| text.trim().to_owned());
            if line.text.as_ref().is_ok_and(String::is_empty) {
                continue;
            }
            return Ok(Some(line));
        }
        Ok(None)
    }

    /// The next line as it is, without its end.
    pub(super) fn next_raw(&mut self) -> io::Result<Option<Line>> {
        loop {
            let Some((file, reader, number)) = &mut self.open else {
                let Some(path) = self.files.next() else { return Ok(None) };
                let opened = File::open(&path).map_err(|error| told(&path, &error))?;
                let reader = BufReader::with_capacity(1 << 16, opened);
                self.open = Some((path.into(), reader, 0));
                continue;
            };
            let (bytes, size, ended) = read(reader).map_err(|error| told(file, &error))?;
            if size == 0 {
                self.open = None;
                continue;
            }
            *number += 1;
            let text = match bytes {
                None => {
                    let size = size - u64::from(ended);
                    Err(format!("has {size} bytes, and a line may have {LONGEST}"))
                }
                Some(bytes) => String::from_utf8(bytes).map_err(|error| {
                    format!("is not UTF-8 from byte {} on", error.utf8_error().valid_up_to() + 1)
                }),
            };
            let text = text.map(|text| unframed(&text, *number).to_owned());
            return Ok(Some(Line { file: Arc::clone(file), number: *number, text, size }));
        }
    }
}

/// A line without its end, and the first one without the mark of its encoding.
fn unframed(text: &str, number: usize) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if number == 1 { text.trim_start_matches('\u{feff}') } else { text }
}

/// What to say of a whole file that is no text.
pub(super) fn not_text(error: &FromUtf8Error) -> String {
    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("is not UTF-8 from byte {} on, in line {line}", valid.len() + 1)
}

/// The error with the file that it is about.
fn told(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

/// A line, its size, and whether it has an end; `None` for one that is too long, of which
/// nothing is kept.
fn read(reader: &mut impl BufRead) -> io::Result<(Option<Vec<u8>>, u64, bool)> {
    let (mut line, mut size) = (Some(Vec::new()), 0);
    loop {
        let found = reader.fill_buf()?;
        if found.is_empty() {
            return Ok((line, size, false));
        }
        let end = found.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(found.len(), |end| end + 1);
        let own = end.unwrap_or(found.len());
        size += taken as u64;
        match &mut line {
            Some(kept) if kept.len() + own <= LONGEST => kept.extend_from_slice(&found[..taken]),
            kept => *kept = None,
        }
        reader.consume(taken);
        if end.is_some() {
            return Ok((line, size, true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(usize, Result<String, String>)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines");
        std::fs::write(&path, text).expect("a file");
        let mut lines = Lines::of(vec![path]);
        let mut found = Vec::new();
        while let Some(line) = lines.next().expect("it can be read") {
            found.push((line.number, line.text));
        }
        found
    }

    #[test]
    fn lines_have_numbers_and_empty_ones_are_passed_over() {
        let found = lines("\u{feff}one\r\n\n  \ntwo".as_bytes());
        assert_eq!(found, [(1, Ok("one".to_owned())), (4, Ok("two".to_owned()))]);
    }

    #[test]
    fn what_is_no_text_is_told_and_the_rest_goes_on() {
        let mut text = b"one\n\xff\xfe\n".to_vec();
        text.extend(vec![b'x'; LONGEST + 1]);
        text.push(b'\n');
        text.extend(vec![b'x'; LONGEST]);
        text.extend(b"\ntwo\n");
        let found = lines(&text);
        assert_eq!(
            (found.len(), &found[0].1, &found[4]),
            (5, &Ok("one".to_owned()), &(5, Ok("two".to_owned())))
        );
        assert!(found[3].1.as_ref().is_ok_and(|text| text.len() == LONGEST));
        assert_eq!(found[1].1, Err("is not UTF-8 from byte 1 on".to_owned()));
        assert!(found[2].1.as_ref().is_err_and(|text| text.contains("has 4194305 bytes")));
    }
}
