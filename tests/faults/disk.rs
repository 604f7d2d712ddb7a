//! No room for the database. For a SQLite file a limit on the size of files stands in
//! for a full disk: both make a write fail, and the limit can be lifted while it runs.
//! PostgreSQL gets a disk of its own where one may be mounted; everywhere a trigger
//! says what a full disk makes it say.

use std::process::Command;
use std::time::Duration;

use sea_orm::ConnectionTrait;

use crate::client::{Client, assert_store_unavailable};
use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::record::Record;
use crate::small_disk::SmallDisk;
use crate::subscriber::Subscriber;
use crate::task::{Answer, Task};
use crate::wait::{until, until_true, within};

/// How long a refusal may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes that a file may have: less than any of the database has, or about what
/// it has, so that some writes still fit.
const ROOMS: [&str; 3] = ["4096", "65536", "1000000"];

/// Lets PostgreSQL say that there is no room.
const FULL: &str = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; \
    END $$; \
    CREATE TRIGGER no_room BEFORE INSERT ON \"commit\" EXECUTE FUNCTION no_room()";
/// Ends that.
const ROOM: &str = "DROP TRIGGER no_room ON \"commit\"; DROP FUNCTION no_room()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_it_reads_on_and_writes_again_when_there_is_some() {
    let database = Database::sqlite();
    let story = Story::begin(&database).await;
    for room in ROOMS {
        let take = async || limit(&story.process, room);
        story.without_room(room, take, async || limit(&story.process, "unlimited")).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_in_postgres_it_reads_on_and_writes_again_when_there_is_some() {
    let disk = SmallDisk::mount().await;
    let database = match &disk {
        Some(disk) => Database::postgres_in(&disk.tablespace).await,
        None => Database::postgres().await,
    };
    let story = Story::begin(&database).await;
    let admin = database.connect().await;
    let run = async |text| {
        admin.execute_unprepared(text).await.expect("the statement is right");
    };
    story.without_room("said", async || run(FULL).await, async || run(ROOM).await).await;
    if let Some(disk) = &disk {
        story.without_room("real", async || disk.fill(), async || disk.empty()).await;
    }
    story.end().await;
    admin.close().await.expect("the connection closes");
    drop(database);
    if let Some(disk) = disk {
        disk.unmount().await;
    }
}

/// What happens around the times without room.
struct Story<'d> {
    database: &'d Database,
    process: Process,
    client: Client,
    subscriber: Subscriber,
    known: Answer,
}

impl<'d> Story<'d> {
    async fn begin(database: &'d Database) -> Self {
        let process = Process::start(&database.url()).await;
        let client = process.client();
        let subscriber = Subscriber::start(&client);
        let known = Task::create("before").send(&client).await.expect("all is well");
        Self { database, process, client, subscriber, known }
    }

    /// One such time, between `take` and `give`.
    async fn without_room(&self, label: &str, take: impl AsyncFnOnce(), give: impl AsyncFnOnce()) {
        let Self { database, client, subscriber, known, .. } = self;
        let load = Load::start(client, &format!("load-{label}"), 4);
        load.until_more(8).await;
        take().await;
        // Writes that still fit are done; in the end one does not.
        let mut number = 0;
        let (refused, status) = until("a write to be refused", async || {
            number += 1;
            let task = Task::apply(format!("full-{label}-{number}"));
            let sent = within("a write", LIMIT, task.send(client)).await;
            sent.err().map(|status| (task, status))
        })
        .await;
        assert_store_unavailable(&status);
        let standing = load.count();
        let read = within("a read", LIMIT, client.get(&known.names[0])).await;
        read.expect("reads go on");
        let head = client.head().await.expect("reads go on").head_revision;
        let late = Subscriber::start(client);
        late.until(head).await;
        subscriber.until(head).await;
        assert!(client.is_serving().await, "reads are served");
        give().await;
        until_true("writers to go on", || load.count() >= standing + 16).await;
        let answer = refused.send(client).await.expect("there is room");
        let acknowledged = load.finish().await;
        let record = Record::checked(database).await;
        record.check_acknowledged(&acknowledged);
        assert_eq!(record.revisions_of(&refused.request_id), [answer.revision]);
        subscriber.check(&record).await;
    }

    async fn end(self) {
        assert!(self.client.is_serving().await);
    }
}

fn limit(process: &Process, bytes: &str) {
    let (id, size) = (process.id().to_string(), format!("--fsize={bytes}:"));
    let status = Command::new("prlimit").args(["--pid", &id, &size]).status();
    assert!(status.expect("util-linux has prlimit").success(), "{size}");
}
