//! The tables are the fold of the log: in the end, and whenever somebody read them.

use std::collections::BTreeMap;

use super::selection::Selection;
use super::snapshot::difference;
use super::violation::{Place, Promise, Verdict};
use super::{History, Image, Question, reads};

/// The check of [`Promise::Rebuild`].
pub(super) fn rebuild(history: &History) -> Verdict {
    let tables: BTreeMap<&str, &Image> =
        history.tables.iter().map(|(name, image)| (name.as_str(), image)).collect();
    let state = history.log.state(history.log.head(), &Selection::default());
    if let Some(name) = difference(&tables, &state) {
        return Promise::Rebuild.broken(Place::Tables, format!("{name} is not as the log has it"));
    }
    for (number, read) in history.reads.iter().enumerate() {
        if !matches!(&read.question, Question::List(selection) if selection.filter.is_some()) {
            let found = reads::stands(history, read);
            found.or_else(|what| Promise::Rebuild.broken(Place::Read(number), what))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::sample;

    #[test]
    fn a_row_that_is_missing_is_found() {
        let mut history = sample();
        assert_eq!(rebuild(&history), Ok(()));
        history.tables.pop_first();
        assert_eq!(rebuild(&history).unwrap_err().place, Place::Tables);
    }

    #[test]
    fn a_row_that_is_not_what_the_log_says_is_found() {
        let mut history = sample();
        history.tables.first_entry().unwrap().get_mut().digest += 1;
        assert_eq!(rebuild(&history).unwrap_err().place, Place::Tables);
    }

    #[test]
    fn a_read_that_is_behind_is_found() {
        let mut history = sample();
        let gets = |question: &Question| matches!(question, Question::Get(_));
        let mut reads = history.reads.iter_mut();
        let read = reads.find(|read| gets(&read.question) && !read.found.is_empty()).unwrap();
        let end = history.writes.iter().map(|write| write.answered_at).max().unwrap();
        (read.asked_at, read.answered_at) = (end + 1, end + 2);
        assert!(matches!(rebuild(&history).unwrap_err().place, Place::Read(_)));
    }
}
