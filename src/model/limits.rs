//! Every limit of the service, with its unit.

use std::time::Duration;

/// Bytes of a message that a client may send.
pub const MESSAGE_IN_BYTES: usize = 4 << 20;
/// Bytes of a message that the service sends.
pub const MESSAGE_OUT_BYTES: usize = 3 << 20;
/// Bytes of one encoded resource.
pub const RESOURCE_BYTES: usize = 512 << 10;
/// Bytes of all resources that one commit may write.
pub const COMMIT_BYTES: usize = 16 << 20;
/// Resources that one commit of the calendar changes.
pub const CALENDAR_RECORDS: usize = 1_000;
/// Bytes that these have before. They have a few more after.
pub const CALENDAR_BYTES: usize = COMMIT_BYTES / 2;
/// Records that one is compared with for each thing that they have in common.
pub const PEERS: usize = 20;
/// Time between two looks whether a day has come that no look at the clock foresaw.
pub const CALENDAR_CHECK: Duration = Duration::from_secs(60);
/// The same while one has come and the store has not moved on to it.
pub const CALENDAR_RETRY: Duration = Duration::from_secs(5);
/// Resources on a page if the client does not say.
pub const PAGE_DEFAULT: usize = 50;
/// Resources on a page at most.
pub const PAGE_MAX: usize = 1_000;
/// Characters of a filter.
pub const FILTER_CHARACTERS: usize = 2_048;
/// How deep the parts of a filter may stand in each other: parentheses, negations
/// and `possibly`.
pub const FILTER_DEPTH: usize = 16;
/// Commits on a page of ListChanges if the client does not say.
pub const COMMITS_DEFAULT: usize = 100;
/// Requests that one transaction may hold.
pub const GROUP_REQUESTS: usize = 512;
/// Bytes of requests that one transaction may hold.
pub const GROUP_BYTES: usize = 8 << 20;
/// Writes that may wait for the committer.
pub const QUEUE_REQUESTS: usize = 4_096;
/// Bytes of writes that may wait for the committer.
pub const QUEUE_BYTES: usize = 64 << 20;
/// Writes of one Import that may wait for the committer: a group, and the one that follows.
pub const IMPORT_REQUESTS: usize = 2 * GROUP_REQUESTS;
/// Writes of all Imports together that may wait: the rest of the queue is for others.
pub const IMPORTS_REQUESTS: usize = QUEUE_REQUESTS / 2;
/// Their bytes together.
pub const IMPORTS_BYTES: usize = QUEUE_BYTES / 2;
/// Their bytes together, unless one alone has more.
pub const IMPORT_BYTES: usize = 8 << 20;
/// Pause of an Import while there is no room for what it writes.
pub const IMPORT_PAUSE: Duration = Duration::from_millis(20);
/// Bytes of the newest commits kept in memory for streams.
pub const RING_BYTES: usize = 32 << 20;
/// Bytes of filtered views of those commits.
pub const VIEW_BYTES: usize = 32 << 20;
/// Bytes of commits put into one message of a stream, unless one is larger.
pub const BATCH_BYTES: usize = 128 << 10;
/// Bytes of commits read from the log at once, unless one is larger.
pub const LOG_PAGE_BYTES: usize = 2 << 20;
/// Commits read from the log at once.
pub const LOG_PAGE_COMMITS: usize = 2_000;
/// Bytes of log pages kept for streams that are behind, over all of them.
pub const LOG_PAGES_BYTES: usize = 32 << 20;
/// Names that are looked at for one message of a snapshot.
pub const SNAPSHOT_NAMES: usize = 512;
/// Bytes of resources in one message of a snapshot, unless one is larger.
pub const SNAPSHOT_BYTES: usize = 256 << 10;
/// Parts of snapshots that are read before their readers ask for them, over all.
pub const PARTS_AHEAD: usize = 64;
/// Log pages, or parts of a snapshot, that may be read at the same time.
pub const LOG_READERS: usize = 4;
/// Watches at the same time.
pub const WATCHES: usize = 20_000;
/// How long a stream may stay open whose reader takes nothing.
pub const STALLED_READER: Duration = Duration::from_secs(600);
/// How long a stream may stay open. It ends up to a tenth earlier, so that those which
/// began together do not end together.
pub const STREAM_AGE: Duration = Duration::from_secs(3_600);
/// How long an answer to a request id is kept.
pub const REQUEST_KEPT: Duration = Duration::from_secs(48 * 3_600);
/// How often expired request ids are removed.
pub const REQUEST_SWEEP: Duration = Duration::from_secs(600);
/// How long a unary call may take.
pub const UNARY_DEADLINE: Duration = Duration::from_secs(30);
/// Commits that one answer of ListChanges looks at, unless a page of the log ends later.
pub const LIST_CHANGES_SCAN: i64 = 100_000;
/// How long ListChanges may wait.
pub const LIST_CHANGES_WAIT: Duration = Duration::from_secs(20);
/// Progress on a stream if the client does not say.
pub const PROGRESS_DEFAULT: Duration = Duration::from_secs(10);
/// Shortest and longest interval of progress.
pub const PROGRESS_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60);
/// How long a drain may take.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How often HTTP/2, and TCP below it, asks whether a quiet client is still there,
/// and how long it waits for the answer.
pub const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long a new connection may take to greet as HTTP/2 does.
pub const GREETING: Duration = Duration::from_secs(3);
/// Bytes that a client may send on a stream before they are taken.
pub const STREAM_WINDOW: u32 = 256 << 10;
/// Bytes that a client may send on a connection before they are taken. HTTP/2 closes a
/// connection on which small frames that nobody has taken cost more than half of this;
/// those that fit into a stream's window must not.
pub const CONNECTION_WINDOW: u32 = 8 << 20;
/// Streams that one connection may carry.
pub const STREAMS_PER_CONNECTION: u32 = 1_000;
/// Streams of one connection that a client has given up before they were looked at,
/// and those that the server had to give up itself. Beyond it the connection is
/// closed, against clients that open and cancel without end. An honest client may
/// cancel everything that it has open at once.
pub const RESETS_PER_CONNECTION: usize = STREAMS_PER_CONNECTION as usize;
/// How long a transaction waits for another replica's.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(3);
/// How long PostgreSQL lets a silent replica hold a transaction.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);
/// How long one statement may run.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer of the database may take before it counts as gone: longer
/// than the database itself lets a statement run.
pub const ANSWER: Duration = Duration::from_secs(11);
/// The same for the head, taken to write: longer than a database lets somebody wait for it.
pub const LOCK_ANSWER: Duration = Duration::from_secs(6);
/// The same for what is done ahead of a write, which does without it.
pub const AHEAD_ANSWER: Duration = Duration::from_millis(500);
/// How long a transaction that was begun ahead of a write waits for one.
pub const OPEN_AHEAD: Duration = Duration::from_secs(1);
/// The same for the one row that tells where the log stands.
pub const HEAD_ANSWER: Duration = Duration::from_secs(3);
/// Time between two looks at the head for commits of other replicas while
/// somebody watches, and hints of them are not heard.
pub const POLL_WATCHED: Duration = Duration::from_millis(5);
/// The same where hints are heard. It bounds the delay of a commit whose hint was
/// lost, and costs a tenth.
pub const POLL_HEARD: Duration = Duration::from_millis(50);
/// The same while nobody does.
pub const POLL_IDLE: Duration = Duration::from_millis(500);
/// Time between two hints of a replica that commits nothing. They prove to it, and
/// to the others, that hints arrive.
pub const HINT_INTERVAL: Duration = Duration::from_secs(10);
/// How long no hint may arrive before the connection that hears them counts as lost:
/// two of our own are missing.
pub const HINT_SILENCE: Duration = Duration::from_secs(25);
/// How long a hint may take to be sent, and its connection to be made.
pub const HINT_ANSWER: Duration = Duration::from_secs(3);
