use super::*;
use crate::model::{DecisionId, Effect, Timestamp};

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_795_312_800_000 + n * 60_000)
}

fn shadow(promotion: Promotion) -> Shadow {
    let kinds = |names: &[(&str, u64)]| -> Vec<Kind> {
        names.iter().map(|(name, count)| Kind { name: (*name).to_owned(), count: *count }).collect()
    };
    Shadow {
        rule: "acme/no-friday-deploys".to_owned(),
        file: "/etc/blastgate/rules/acme/no-friday-deploys.yaml".to_owned(),
        owner: "@platform".to_owned(),
        decision: Effect::Escalate,
        mode: Mode::Shadow,
        matched: 14,
        recorded: 12,
        unsure: 0,
        lifted: 0,
        stricter: 10,
        went_on: 10,
        why_unsure: None,
        already: kinds(&[("kubernetes/rollout", 4)]),
        operations: kinds(&[
            ("kubernetes:apps:deployments.patch", 6),
            ("kubernetes:apps:deployments.update", 2),
            ("kubernetes:apps:statefulsets.patch", 1),
            ("kubernetes:apps:daemonsets.patch", 1),
            ("kubernetes:batch:jobs.patch", 1),
        ]),
        people: kinds(&[("alice", 6), ("bob", 4)]),
        environments: kinds(&[("shop-production", 10)]),
        first: Some(at(1)),
        last: Some(at(90)),
        examples: vec![DecisionId::new(at(90), 1), DecisionId::new(at(3), 2)],
        promotion,
    }
}

fn page(report: &ShadowReport) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    Page { report, period: "in the last 7 days", sheet: Sheet { width: Some(80) } }.write(&mut out).unwrap();
    let text = String::from_utf8(out.into_inner()).unwrap();
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
    text
}

#[test]
fn a_page_of_eighty_columns() {
    let rules = vec![shadow(Promotion::Stops)];
    let expected = "\
in the last 7 days: 3204 decisions · 1 rule in the mode `shadow`
1 decision cannot be made again (values in them were masked), and is not counted

acme/no-friday-deploys  escalate  (shadow)
owner       @platform in /etc/blastgate/rules/acme/no-friday-deploys.yaml
matched     14 calls, 2026-11-22 02:01 to 2026-11-22 03:30; 12 on record: the
            rule was another then, or newer
stricter    10 calls if it counted; every one went on
what        kubernetes:apps:deployments.patch ×6,
            kubernetes:apps:deployments.update ×2,
            kubernetes:apps:statefulsets.patch ×1,
            kubernetes:apps:daemonsets.patch ×1, and 1 more
for         alice ×6, bob ×4
in          shop-production ×10
already     by kubernetes/rollout ×4
examples    blastgate log show d_01M80MVDP00000000000000001
            blastgate log show d_01M80FW4100000000000000002
promote     set `mode: enforce` in
            /etc/blastgate/rules/acme/no-friday-deploys.yaml, if the 10 calls
            that went on should have been stopped. People did that anyway: where
            it was right, narrow the rule with `unless:` first
";
    assert_eq!(page(&ShadowReport { decisions: 3204, rules, unsaid: 1, ..ShadowReport::default() }), expected);
}

#[test]
fn what_to_do_depends_on_what_was_found() {
    for (promotion, went_on, expected) in [
        (Promotion::Inert, 0, "not yet: of 10 decisions it matched nothing"),
        (Promotion::Unsure, 0, "not yet: it never certainly matched"),
        (Promotion::Harmless, 0, "So far it changes nothing"),
        (Promotion::Stops, 0, "was stopped anyway"),
        (Promotion::Stops, 1, "if the call that went on should have been stopped"),
        (Promotion::Stops, 7, "if the 7 calls that went on should have been stopped"),
        (Promotion::Enforced, 7, "it counts already"),
    ] {
        let text = promote(&Shadow { went_on, ..shadow(promotion) }, 10);
        assert!(text.contains(expected), "{promotion:?}: {text}");
        let is_ready = matches!(promotion, Promotion::Harmless | Promotion::Stops);
        assert_eq!(text.starts_with("set `mode: enforce` in /etc/blastgate/rules/acme/"), is_ready, "{text}");
    }
}
