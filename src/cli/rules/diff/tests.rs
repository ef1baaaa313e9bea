use super::*;
use crate::model::{DecisionId, Door, Effect, Timestamp};
use crate::report::Unsayable;

fn at(n: u64) -> Timestamp {
    Timestamp::from_millis(1_795_312_800_000 + n * 60_000)
}

fn id(n: u64) -> DecisionId {
    DecisionId::new(at(n), u128::from(n))
}

fn flip(n: u64, resource: Option<&str>) -> Flip {
    let (person, agent) = (Some("alice".to_owned()), Some("claude".to_owned()));
    let resource = resource.map(str::to_owned);
    Flip { id: id(n), at: at(n), person, agent, door: Door::Http, more_resources: usize::from(n == 2), resource }
}

fn group(from: Effect, to: Effect, flips: Vec<Flip>) -> FlipGroup {
    FlipGroup {
        from,
        to,
        by: vec!["acme/no-friday-deploys".to_owned(), "base/rest-delete".to_owned()],
        message: "Nothing is rolled out to the shop on a Friday evening: nobody is there on Saturday to look after it."
            .to_owned(),
        operation: "kubernetes:apps:deployments.deletecollection".to_owned(),
        environment: "shop-production".to_owned(),
        count: flips.len() as u64,
        flips,
    }
}

fn page(diff: &Diff, rows: usize) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    let sheet = Sheet { width: Some(80) };
    Page { diff, period: "in the last 7 days", rows, sheet }.write(&mut out).unwrap();
    let text = String::from_utf8(out.into_inner()).unwrap();
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
    text
}

#[test]
fn a_page_of_eighty_columns() {
    let web = "payments/deployments/web-with-a-name-that-is-longer-than-the-column";
    let flips = vec![flip(1, Some(web)), flip(2, Some("payments/deployments/api")), flip(3, None)];
    let diff = Diff {
        before: "r_aaaaaaaaaaaaaaaa".to_owned(),
        after: "r_bbbbbbbbbbbbbbbb".to_owned(),
        decisions: 3204,
        flips: 4,
        stricter: 3,
        milder: 1,
        unsaid: vec![Unsayable { why: "a value in it was masked".to_owned(), count: 2, examples: vec![id(9)] }],
        groups: vec![
            group(Effect::Allow, Effect::Deny, flips),
            group(Effect::Escalate, Effect::Allow, vec![flip(4, Some("web"))]),
        ],
        ..Diff::default()
    };
    let expected = "\
4 of 3204 decisions would flip in the last 7 days: 3 to something stricter, 1 to
  something milder
r_aaaaaaaaaaaaaaaa → r_bbbbbbbbbbbbbbbb
2 cannot be said: a value in it was masked (such as
  d_01M80G73K00000000000000009)

allow → deny  kubernetes:apps:depl…ments.deletecollection in shop-production  ×3
by          acme/no-friday-deploys, base/rest-delete
why         Nothing is rolled out to the shop on a Friday evening: nobody is
            there on Saturday to look after it.
  2026-11-22 02:01  alice (claude)  payments/de…longer-than-the-column  00000001
  2026-11-22 02:02  alice (claude)  payments/deployments/api +1         00000002
  2026-11-22 02:03  alice (claude)  –                                   00000003

escalate → allow  kubernetes:apps:dep…ts.deletecollection in shop-production  ×1
no more by  acme/no-friday-deploys, base/rest-delete
why         Nothing is rolled out to the shop on a Friday evening: nobody is
            there on Saturday to look after it.
  2026-11-22 02:04  alice (claude)  web  00000004

blastgate log show 00000001, blastgate rules explain d_00000001: more of one
";
    assert_eq!(page(&diff, usize::MAX), expected);
}

#[test]
fn many_are_told_by_a_few() {
    let flips = (1..=30).map(|n| flip(n, Some("web"))).collect();
    let diff = Diff {
        decisions: 40,
        flips: 30,
        stricter: 30,
        groups: vec![group(Effect::Allow, Effect::Deny, flips)],
        ..Diff::default()
    };
    let text = page(&diff, FEW);
    assert!(text.contains("30 of 40 decisions would flip in the last 7 days, all to something stricter"), "{text}");
    assert!(text.contains("… and 27 more; --all shows each") && text.lines().count() < 14, "{text}");
    assert_eq!(page(&Diff::default(), FEW), "there is no decision on record in the last 7 days\n");
}

#[test]
fn a_file_with_a_known_id_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let rule = |mode: &str, matches: &str| {
        format!(
            "id: acme/one\nowner: \"@us\"\nseverity: high\nmode: {mode}\nmatch: {{ {matches} }}\ndecision: deny\nmessage: no\ninstead: other\n"
        )
    };
    for (place, mode, matches) in
        [("conf/rules/acme", "shadow", "impact: [destroy]"), ("drafts/acme", "enforce", "impact: [update]")]
    {
        std::fs::create_dir_all(folder.path().join(place)).unwrap();
        std::fs::write(folder.path().join(place).join("one.yaml"), rule(mode, matches)).unwrap();
    }
    let conf = folder.path().join("conf");
    let set = with(Some(&conf), &[folder.path().join("drafts")]).unwrap();
    assert_eq!(set.rule("acme/one").unwrap().mode, crate::model::Mode::Enforce);
    let builtin = RuleSet::builtin();
    assert_eq!(set.rules().len(), builtin.rules().len() + 1);
    assert_eq!(with(None, &[]).unwrap().revision(), builtin.revision());
}
