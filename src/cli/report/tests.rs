use clap::Parser as _;

use super::*;
use crate::model::{DecisionId, Effect};
use crate::report::{Report, Totals, Unreadable};

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    report: ReportArgs,
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_312_800_000)
}

fn args(words: &[&str]) -> ReportArgs {
    Command::try_parse_from(["report"].iter().chain(words)).unwrap_or_else(|error| panic!("{error}")).report
}

#[test]
fn the_time_is_said_in_words() {
    for (words, expected) in [
        (&[] as &[&str], "in the last day"),
        (&["--since", "7d"], "in the last 7 days"),
        (&["--since", "30m"], "in the last 30 minutes"),
        (&["--since", "1w"], "in the last week"),
        (&["--since", "all"], "so far"),
        (&["--since", "2026-11-20"], "since 2026-11-20 00:00"),
        (&["since:2026-11-20"], "since 2026-11-20 00:00"),
        (&["--since", "2h", "since:1h"], "since 2026-11-22 01:00"),
    ] {
        let args = args(words);
        let filter = args.filter(now()).unwrap();
        assert_eq!(period(&args.since, &filter, now()), expected, "{words:?}");
    }
    for words in [&["--since", "soon"] as &[&str], &["outcome:none"], &["enf:prod"]] {
        assert!(args(words).filter(now()).is_err(), "{words:?}");
    }
}

/// The page, without colours.
fn page(report: &Report, width: usize, is_filtered: bool) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    let page = text::Page { report, period: "in the last day", top: 20, width: Some(width), is_filtered };
    page.write(&mut out).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn an_empty_report_says_what_to_do() {
    let mut report = Report::default();
    let text = page(&report, 80, false);
    assert!(text.contains("no call went through the gate") && text.contains("run --observe"), "{text}");
    report.since = Some(now());
    assert!(page(&report, 80, false).contains("--since all"));
    assert!(page(&report, 80, true).contains("fits the filter"));
    report.totals = Totals { calls: 3, passed: 3, ..Totals::default() };
    let text = page(&report, 80, false);
    assert_eq!(text, "in the last day: 3 calls · 3 passed\nNothing was stopped, and nothing would have been.\n");
}

#[test]
fn no_log_is_an_empty_report() {
    let folder = tempfile::tempdir().unwrap();
    let (args, rules) = (args(&[]), RuleSet::builtin());
    let filter = args.filter(now()).unwrap();
    let mut out = Vec::new();
    let code = report(&args, (&filter, now()), (&folder.path().join("none"), &rules), Some(80), &mut out).unwrap();
    assert_eq!(code, 0);
    assert!(String::from_utf8(out).unwrap().starts_with("no call went through the gate in the last day."));
}

#[test]
fn the_page_fits_and_nothing_reaches_the_terminal_raw() {
    let id = DecisionId::new(now(), 1);
    let mut report = Report {
        totals: Totals {
            calls: 812,
            passed: 800,
            observed: 5,
            stopped: 3,
            unreadable: 2,
            approved: 2,
            ..Totals::default()
        },
        unreadable: vec![Unreadable {
            why: "two \u{1b}[31mContent-Length".into(),
            status: 400,
            count: 2,
            example: id,
            target: None,
        }],
        damaged: 1,
        ..Report::default()
    };
    report.groups = crate::report::tests::sample();
    for width in [80, 120] {
        let text = page(&report, width, false);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("- {"));
        for line in lines {
            assert!(line.chars().count() <= width, "{}: {line}\n{text}", line.chars().count());
        }
        assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}"), "{text}");
        let head = text.replace("\n  ", " ");
        assert!(head.contains("812 calls · 800 passed · 5 would have been stopped (observe) · 3 stopped"), "{text}");
    }
    assert_eq!(report.groups[0].effect, Effect::Escalate);
}
