//! How fast the service is, and how near to what is possible: every figure is
//! measured beside a limit, in the same run, in turns, on the same data and over
//! as many connections. docs/benchmarks.md says how to run and read it.

#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "modules of a bench binary have no outside to reach")]

mod bare;
mod catch_up;
mod creates;
mod crowd;
mod drive;
mod filters;
mod idle;
mod imports;
mod lists;
mod reads;
mod replicas;
mod report;
mod rows;
mod samples;
mod scan;
mod served;
mod snapshots;
mod stores;
mod streams;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use mimalloc::MiMalloc;

use report::Report;
use stores::{DatabaseKind, ENVIRONMENT};

/// That of the service.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What a measurement may come to.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures the service beside the limits of the machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fewer and shorter rounds, and smaller stores: for a glance, not for figures
    #[arg(long)]
    quick: bool,

    /// Measure only these
    #[arg(value_enum)]
    works: Vec<Work>,

    /// Only this database; PostgreSQL takes part if ENTENTE_TEST_POSTGRES names one
    #[arg(long, value_enum)]
    database: Option<DatabaseKind>,

    /// Do this to the product alone, for so many seconds: for a profiler
    #[arg(long, value_name = "SECONDS")]
    profile: Option<u64>,

    /// Serve this database, or `bare`, until nobody holds the standard input
    #[arg(long, hide = true, value_name = "URL")]
    serve: Option<String>,

    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Work {
    /// CreateAgreement, many and one in flight
    Create,
    /// Import of the agreements of a real register
    Import,
    /// GetAgreement, now and as of another time or day
    Get,
    /// ListAgreements, near and far pages, and of a pair on a day
    List,
    /// WatchChanges to many, its delay, and replay
    Watch,
    /// From one replica to another, on PostgreSQL
    Replicas,
    /// WatchChanges to many with filters
    Filters,
    /// WatchChanges to few that subscribe to little of much
    CatchUp,
    /// WatchChanges that begins with the state
    Snapshot,
    /// WatchChanges to very many while nothing happens
    Idle,
}

/// How long and how large.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Turns of each side.
    rounds: usize,
    /// Length of a turn.
    turn: Duration,
    /// Agreements of the small store.
    few: usize,
    /// Agreements of the large store.
    many: usize,
    /// Agreements on a page of a list.
    page: usize,
    /// Commits of a turn that are heard one by one.
    commits: usize,
    /// Subscribers that hear nothing.
    idle: usize,
    /// Turns of each side with these.
    idle_rounds: usize,
}

impl Scale {
    const FULL: Self = Self {
        rounds: 5,
        turn: Duration::from_secs(2),
        few: 10_000,
        many: 200_000,
        page: 50,
        commits: 200,
        idle: 10_000,
        idle_rounds: 3,
    };
    const QUICK: Self = Self {
        rounds: 3,
        turn: Duration::from_millis(500),
        few: 2_000,
        many: 20_000,
        page: 50,
        commits: 50,
        idle: 2_000,
        idle_rounds: 1,
    };
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    entente::server::runtime()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Outcome<()> {
    if let Some(what) = arguments.serve {
        return served::serve(&what).await;
    }
    let scale = if arguments.quick { Scale::QUICK } else { Scale::FULL };
    let mut kinds = vec![DatabaseKind::Sqlite];
    match std::env::var(ENVIRONMENT) {
        Ok(_) => kinds.push(DatabaseKind::Postgres),
        Err(_) => eprintln!("PostgreSQL is left out: {ENVIRONMENT} names none"),
    }
    kinds.retain(|kind| arguments.database.is_none_or(|only| only == *kind));
    if let Some(seconds) = arguments.profile {
        let work = arguments.works.first().copied().unwrap_or(Work::Create);
        for kind in kinds {
            profile(kind, work, Duration::from_secs(seconds)).await?;
        }
        return Ok(());
    }
    let wanted = |work| arguments.works.is_empty() || arguments.works.contains(&work);
    let mut report = Report::new(arguments.quick);
    for kind in kinds {
        on_small_stores(kind, wanted, scale, &mut report).await?;
        on_the_large_store(kind, wanted, scale, &mut report).await?;
    }
    report.write(&target_folder().join("bench").join("limits.json"))
}

async fn on_small_stores(
    kind: DatabaseKind,
    wanted: impl Fn(Work) -> bool,
    scale: Scale,
    report: &mut Report,
) -> Outcome<()> {
    if wanted(Work::Create) {
        creates::many(kind, scale, report).await?;
        creates::alone(kind, scale, report).await?;
    }
    if wanted(Work::Import) {
        imports::register(kind, scale, report).await?;
    }
    if wanted(Work::Get) {
        reads::get(kind, scale, report).await?;
        reads::of_another_time(kind, scale, report).await?;
    }
    if wanted(Work::Watch) {
        streams::deliver(kind, scale, report).await?;
        streams::delay(kind, scale, report).await?;
    }
    if wanted(Work::Replicas) && kind == DatabaseKind::Postgres {
        replicas::delay(scale, report).await?;
    }
    if !served::can_be_measured() {
        eprintln!("The lines filters and idle are left out: they need the /proc of Linux");
        return Ok(());
    }
    if wanted(Work::Filters) {
        filters::cost(kind, scale, report).await?;
    }
    if wanted(Work::Idle) {
        idle::cost(kind, scale, report).await?;
    }
    Ok(())
}

/// It takes long to fill, so it serves all that need one.
async fn on_the_large_store(
    kind: DatabaseKind,
    wanted: impl Fn(Work) -> bool,
    scale: Scale,
    report: &mut Report,
) -> Outcome<()> {
    if ![Work::Watch, Work::CatchUp, Work::Snapshot, Work::List].into_iter().any(&wanted) {
        return Ok(());
    }
    let large = stores::Product::filled(kind, scale.many).await?;
    if wanted(Work::Watch) {
        streams::replay(&large, scale, report).await?;
    }
    if wanted(Work::CatchUp) {
        catch_up::by_type_and_kind(&large, scale, report).await?;
        catch_up::by_filter(&large, scale, report).await?;
    }
    if wanted(Work::Snapshot) {
        snapshots::whole(&large, scale, report).await?;
    }
    if wanted(Work::List) {
        lists::pages(&large, scale, report).await?;
        lists::in_force(&large, scale, report).await?;
    }
    large.finish().await
}

/// The folder that cargo builds into.
fn target_folder() -> PathBuf {
    let inside = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    inside.parent().map_or(inside.clone(), PathBuf::from)
}

async fn profile(kind: DatabaseKind, work: Work, time: Duration) -> Outcome<()> {
    let rate = match work {
        Work::Create => creates::product_alone(kind, time).await?,
        Work::Get => reads::product_alone(kind, time).await?,
        _ => return Err("only create and get can be profiled alone".into()),
    };
    println!("{rate:.0} a second on {}", kind.name());
    Ok(())
}
