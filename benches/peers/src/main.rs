//! Times of all engines in one run, round by round, so that what disturbs the machine disturbs them all; as a table in
//! Markdown. The least of the rounds counts. `cargo run --release --manifest-path benches/peers/Cargo.toml`

use std::hint::black_box;
use std::time::{Duration, Instant};

use blastgate_peers::blastgate_rules::Blastgate;
use blastgate_peers::{Engine, Request, Rule, cedar, rego, requests, rules};

const ROUNDS: usize = 5;
const COUNTS: [usize; 3] = [50, 500, 5_000];
/// Of one engine and one round.
const TIME_MAX: Duration = Duration::from_millis(400);

/// The least time that loading took, and that one decision took.
#[derive(Clone, Copy)]
struct Least {
    load: Duration,
    decide: Duration,
}

fn measure<E: Engine>(rules: &[Rule], requests: &[Request], least: &mut Least) {
    let start = Instant::now();
    let mut engine = E::load(rules);
    least.load = least.load.min(start.elapsed());
    let ready: Vec<E::Ready> = requests.iter().map(E::ready).collect();
    // What is made at its first use is made by now.
    for request in ready.iter().take(20) {
        black_box(engine.denies(request));
    }
    let (start, mut done) = (Instant::now(), 0u32);
    for request in ready.iter().cycle() {
        black_box(engine.denies(black_box(request)));
        done += 1;
        if done.is_multiple_of(50) && start.elapsed() > TIME_MAX || done == 20_000 {
            break;
        }
    }
    least.decide = least.decide.min(start.elapsed() / done);
}

fn main() {
    type Measure = fn(&[Rule], &[Request], &mut Least);
    let engines: [(&str, Measure); 5] = [
        (Blastgate::NAME, measure::<Blastgate>),
        (cedar::Whole::NAME, measure::<cedar::Whole>),
        (cedar::ByOperation::NAME, measure::<cedar::ByOperation>),
        (rego::Whole::NAME, measure::<rego::Whole>),
        (rego::AsData::NAME, measure::<rego::AsData>),
    ];
    let mut table = [[Least { load: Duration::MAX, decide: Duration::MAX }; COUNTS.len()]; 5];
    for round in 0..ROUNDS {
        for (column, count) in COUNTS.into_iter().enumerate() {
            let (rules, requests) = (rules(count), requests(1_000, count));
            for (row, (_, measure)) in engines.iter().enumerate() {
                measure(&rules, &requests, &mut table[row][column]);
            }
        }
        eprintln!("round {} of {ROUNDS}", round + 1);
    }
    for (title, of) in
        [("load", (|least| least.load) as fn(&Least) -> Duration), ("one decision", |least| least.decide)]
    {
        println!("\n| {title} | {} |\n|---|---|---|---|", COUNTS.map(|count| format!("{count} rules")).join(" | "));
        for (row, (name, _)) in engines.iter().enumerate() {
            let cell = |column: usize| {
                let (own, mine) = (of(&table[row][column]), of(&table[0][column]));
                let times = own.as_secs_f64() / mine.as_secs_f64();
                if row == 0 { format!("{own:.1?}") } else { format!("{own:.1?} ({times:.1} ×)") }
            };
            println!("| {name} | {} | {} | {} |", cell(0), cell(1), cell(2));
        }
    }
}
