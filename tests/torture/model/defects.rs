//! Things that a service could do wrong, each done to a history at a place of chance.

use std::time::Duration;

use proptest::sample::Index;

use crate::history::log::Log;
use crate::history::violation::Promise;
use crate::history::{Answer, Commit, Event, History, Kind, Message, Question, Start};

/// Something done wrong.
pub(super) struct Defect {
    /// What it is.
    pub(super) name: &'static str,
    /// The promise that it breaks.
    pub(super) promise: Promise,
    /// Does it; `None` where the history has no place for it.
    pub(super) inject: fn(&mut History, Index) -> Option<()>,
}

/// All of them.
pub(super) const DEFECTS: [Defect; 24] = [
    defect("two commits are swapped", Promise::Ordered, swap),
    defect("time goes back", Promise::Ordered, go_back_in_time),
    defect("a later write has a lower revision", Promise::CommitOrder, overtake),
    defect("a commit is dropped", Promise::Complete, drop_commit),
    defect("a change is dropped", Promise::Complete, drop_change),
    defect("a change is told as another kind", Promise::Complete, rename_kind),
    defect("a commit comes twice", Promise::Unique, repeat),
    defect("a commit comes again after a resume", Promise::Unique, repeat_after_resume),
    defect("a resume skips a commit", Promise::AnyReplica, skip_at_resume),
    defect("a commit is split", Promise::Atomic, split),
    defect("a fragment has a token", Promise::Atomic, token_inside),
    defect("a stream begins too late", Promise::Covered, begin_late),
    defect("progress comes too early", Promise::Bookmarkable, progress_early),
    defect("nothing comes for long", Promise::Bookmarkable, be_silent),
    defect("the newest commit is lost in a crash", Promise::Durable, lose_newest),
    defect("a request is done twice", Promise::Durable, do_twice),
    defect("an item of a snapshot comes twice", Promise::Snapshot, repeat_item),
    defect("an item of a snapshot is missing", Promise::Snapshot, drop_item),
    defect("what leaves the filter is not told", Promise::FilterAlgebra, drop_left),
    defect("a poll drops a commit", Promise::PollEqualsStream, drop_polled),
    defect("a row of the tables is missing", Promise::Rebuild, drop_row),
    defect("a read is behind", Promise::Rebuild, read_behind),
    defect("a watch from a list misses a commit", Promise::Rebuild, token_ahead),
    defect("a read is as of another revision", Promise::Rebuild, read_elsewhen),
];

const fn defect(
    name: &'static str,
    promise: Promise,
    inject: fn(&mut History, Index) -> Option<()>,
) -> Defect {
    Defect { name, promise, inject }
}

/// One of `all`.
fn one<T>(all: impl IntoIterator<Item = T>, pick: Index) -> Option<T> {
    let mut all: Vec<T> = all.into_iter().collect();
    (!all.is_empty()).then(|| all.swap_remove(pick.index(all.len())))
}

/// All messages with commits that fit, as numbers of stream and message.
fn places(history: &History, fits: impl Fn(&[Commit]) -> bool) -> Vec<(usize, usize)> {
    let streams = history.streams.iter().enumerate();
    let places = streams.flat_map(|(stream, of)| {
        of.messages.iter().enumerate().map(move |(at, message)| ((stream, at), message))
    });
    let fitting = places.filter(|(_, message)| match &message.event {
        Event::Commits(commits) => fits(commits),
        _ => false,
    });
    fitting.map(|(place, _)| place).collect()
}

fn message(history: &mut History, (stream, at): (usize, usize)) -> &mut Message {
    &mut history.streams[stream].messages[at]
}

fn commits(history: &mut History, place: (usize, usize)) -> Option<&mut Vec<Commit>> {
    match &mut message(history, place).event {
        Event::Commits(commits) => Some(commits),
        _ => None,
    }
}

fn whole(commits: &[Commit]) -> bool {
    commits.iter().all(|commit| commit.changes.len() == commit.change_count)
}

fn swap(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, |commits| commits.len() > 1), pick)?;
    commits(history, place)?.swap(0, 1);
    Some(())
}

fn go_back_in_time(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, |commits| commits.len() > 1), pick)?;
    let commits = commits(history, place)?;
    commits[1].time = commits[0].time - 1;
    Some(())
}

fn overtake(history: &mut History, pick: Index) -> Option<()> {
    let later = (1..history.writes.len())
        .filter(|later| matches!(history.writes[*later].answer, Answer::Done { .. }));
    let later = one(later, pick)?;
    history.writes[later - 1].sent_at = history.writes[later].answered_at + 1;
    Some(())
}

fn drop_commit(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, whole), pick)?;
    let commits = commits(history, place)?;
    commits.remove(pick.index(commits.len()));
    Some(())
}

fn drop_change(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, |commits| whole(commits) && commits.len() == 1), pick)?;
    let commit = commits(history, place)?.first_mut()?;
    commit.changes.remove(pick.index(commit.changes.len()));
    // Whoever drops one also counts one less.
    commit.change_count -= 1;
    Some(())
}

fn rename_kind(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, |_| true), pick)?;
    let change = commits(history, place)?.first_mut()?.changes.first_mut()?;
    change.kind = if change.kind == Kind::Updated { Kind::Entered } else { Kind::Updated };
    Some(())
}

fn repeat(history: &mut History, pick: Index) -> Option<()> {
    let (stream, at) = one(places(history, whole), pick)?;
    let again = history.streams[stream].messages[at].clone();
    history.streams[stream].messages.push(again);
    Some(())
}

/// The first message with commits of a stream that was resumed behind another such one.
fn resumed(history: &History, pick: Index) -> Option<((usize, usize), (usize, usize))> {
    let all = places(history, whole);
    let resumes = all.iter().filter_map(|place| {
        let Start::Resume { stream, message } = history.streams[place.0].start else { return None };
        let before = all.iter().find(|(of, at)| *of == stream && *at <= message)?;
        Some((*before, *place))
    });
    one(resumes, pick)
}

fn repeat_after_resume(history: &mut History, pick: Index) -> Option<()> {
    let (before, after) = resumed(history, pick)?;
    let again = commits(history, before)?.clone();
    commits(history, after)?.splice(0..0, again);
    Some(())
}

fn skip_at_resume(history: &mut History, pick: Index) -> Option<()> {
    let places = places(history, whole).into_iter();
    let is_resumed = |stream: usize| matches!(history.streams[stream].start, Start::Resume { .. });
    let place = one(places.filter(|(stream, _)| is_resumed(*stream)), pick)?;
    let skipped = commits(history, place)?.remove(0);
    // It says that it begins behind the commit, so the stream alone looks right.
    let started = message(history, (place.0, 0));
    (started.event, started.token) = (Event::Started(skipped.revision), Some(skipped.revision));
    Some(())
}

fn split(history: &mut History, pick: Index) -> Option<()> {
    let fits =
        |commits: &[Commit]| whole(commits) && commits.len() == 1 && commits[0].changes.len() > 1;
    let place = one(places(history, fits), pick)?;
    let mut second = message(history, place).clone();
    let half = commits(history, place)?[0].changes.split_off(1);
    if let Event::Commits(commits) = &mut second.event {
        commits[0].changes = half;
    }
    history.streams[place.0].messages.insert(place.1 + 1, second);
    Some(())
}

fn token_inside(history: &mut History, pick: Index) -> Option<()> {
    let fragments = places(history, |commits| commits.iter().any(|commit| commit.fragment));
    let place = one(fragments, pick)?;
    let revision = commits(history, place)?[0].revision;
    message(history, place).token = Some(revision);
    Some(())
}

fn begin_late(history: &mut History, pick: Index) -> Option<()> {
    let places = places(history, whole).into_iter();
    let later = places.filter(|(stream, at)| {
        let stream = &history.streams[*stream];
        let Event::Commits(commits) = &stream.messages[*at].event else { return false };
        let sent = commits[0].revision.unsigned_abs();
        let write = usize::try_from(sent - 1).ok().and_then(|at| history.writes.get(at));
        write.is_some_and(|write| write.sent_at > stream.messages[0].at)
    });
    let place = one(later, pick)?;
    let missed = commits(history, place)?.remove(0).revision;
    let started = message(history, (place.0, 0));
    (started.event, started.token) = (Event::Started(missed), Some(missed));
    Some(())
}

fn progress_early(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, whole), pick)?;
    let mut early = message(history, place).clone();
    let last = commits(history, place)?.last()?.revision;
    (early.event, early.token) = (Event::Progress(last), Some(last));
    history.streams[place.0].messages.insert(place.1, early);
    Some(())
}

fn be_silent(history: &mut History, pick: Index) -> Option<()> {
    let place = one(places(history, |_| true), pick)?;
    message(history, place).waited = Duration::from_secs(60);
    Some(())
}

fn lose_newest(history: &mut History, _: Index) -> Option<()> {
    let head = history.log.head();
    let told = |commits: &[Commit]| commits.iter().any(|commit| commit.revision == head);
    let is_told = !places(history, told).is_empty();
    let answered = history.writes.last().map(|write| &write.answer);
    let is_answered = matches!(answered, Some(Answer::Done { .. }));
    let mut commits = history.log.commits().to_vec();
    commits.pop();
    history.log = Log::new(commits);
    (is_told || is_answered).then_some(())
}

fn do_twice(history: &mut History, pick: Index) -> Option<()> {
    let mut commits = history.log.commits().to_vec();
    let again = one(1..commits.len(), pick)?;
    commits[again].request_id = commits[again - 1].request_id.clone();
    commits[again].actor = commits[again - 1].actor.clone();
    history.log = Log::new(commits);
    Some(())
}

fn items(history: &mut History, pick: Index) -> Option<&mut Vec<crate::history::Item>> {
    let messages = history.streams.iter_mut().flat_map(|stream| &mut stream.messages);
    let items = messages.filter_map(|message| match &mut message.event {
        Event::Snapshot(items) => Some(items),
        _ => None,
    });
    one(items, pick)
}

fn repeat_item(history: &mut History, pick: Index) -> Option<()> {
    let items = items(history, pick)?;
    let again = items.first()?.clone();
    items.push(again);
    Some(())
}

fn drop_item(history: &mut History, pick: Index) -> Option<()> {
    items(history, pick)?.pop().map(|_| ())
}

fn drop_left(history: &mut History, pick: Index) -> Option<()> {
    let all = places(history, |commits| {
        let changes = commits.iter().flat_map(|commit| &commit.changes);
        whole(commits) && changes.into_iter().any(|change| change.kind == Kind::Left)
    });
    let of_state = all.into_iter().filter(|(stream, _)| {
        let selection = &history.streams[*stream].selection;
        selection.is_of_state() && selection.shows_resources()
    });
    let place = one(of_state, pick)?;
    for commit in commits(history, place)? {
        commit.changes.retain(|change| change.kind != Kind::Left);
        commit.change_count = commit.changes.len();
    }
    Some(())
}

fn drop_polled(history: &mut History, pick: Index) -> Option<()> {
    let pages = history.polls.iter_mut().flat_map(|poll| &mut poll.pages);
    let page = one(pages.filter(|page| !page.commits.is_empty()), pick)?;
    page.commits.remove(0);
    Some(())
}

fn drop_row(history: &mut History, _: Index) -> Option<()> {
    history.tables.pop_first().map(|_| ())
}

fn read_behind(history: &mut History, pick: Index) -> Option<()> {
    let (log, head) = (&history.log, history.log.head());
    let everything = crate::history::selection::Selection::default();
    let now = history.reads.iter_mut().filter(|read| read.revision.is_none());
    let changed = now.filter(|read| match &read.question {
        Question::Get(name) => {
            log.at(name, head, &everything) != read.found.first().map(|item| &item.image)
        }
        Question::List(_) => false,
    });
    let read = one(changed, pick)?;
    // Asked when all had been answered.
    (read.asked_at, read.answered_at) = (u64::MAX - 1, u64::MAX);
    let is_answered = |answer: &Answer| matches!(answer, Answer::Done { .. });
    history.writes.last().filter(|write| is_answered(&write.answer)).map(|_| ())
}

fn read_elsewhen(history: &mut History, pick: Index) -> Option<()> {
    let past = history.reads.iter_mut().filter(|read| {
        let all = matches!(&read.question, Question::List(selection) if selection.filter.is_none());
        all && read.revision.is_some() && !read.found.is_empty()
    });
    let read = one(past, pick)?;
    read.found[0].image.digest += 1;
    Some(())
}

fn token_ahead(history: &mut History, pick: Index) -> Option<()> {
    let log = &history.log;
    let lists = history.reads.iter_mut().filter(|read| match (&read.question, read.watch) {
        (Question::List(selection), Some(at)) if selection.filter.is_none() => {
            // Something of the list changes with the next commit.
            let next = log.state(at + 1, selection);
            at < log.head() && next != log.state(at, selection)
        }
        _ => false,
    });
    let read = one(lists, pick)?;
    read.watch = read.watch.map(|at| at + 1);
    Some(())
}
