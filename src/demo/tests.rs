use super::script::Home;
use super::*;

async fn play_on(width: usize, story: &[Beat]) -> (Told, String) {
    let scratch = Scratch::create().unwrap();
    let mut out = Vec::new();
    let mut screen = Screen::new(anstream::StripStream::new(&mut out), width, false);
    let told = play_story(story, &mut screen, scratch.path()).await.unwrap();
    let path = scratch.path().to_owned();
    drop(scratch);
    assert!(!path.exists(), "nothing is left behind");
    (told, String::from_utf8(out).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_goes_as_told() {
    let (told, text) = play_on(80, STORY).await;
    assert_eq!(told.surprises, Vec::<String>::new(), "{text}");
    let calls = STORY.iter().filter(|beat| matches!(beat, Beat::Call(_))).count();
    let stops = STORY.iter().filter(|beat| matches!(beat, Beat::Call(call) if call.verdict != Verdict::Passed)).count();
    assert_eq!((told.calls, told.stopped), (calls, stops));
    for words in [
        "when calling the DeleteStack operation:",
        "Approval needed",
        "(a_",
        "Instead: ",
        "Error from server (Forbidden): ",
    ] {
        assert!(text.contains(words), "`{words}` in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fits_its_terminal_and_has_no_escapes_in_a_pipe() {
    for width in [80, 120] {
        let (_, text) = play_on(width, STORY).await;
        for line in text.lines() {
            assert!(line.chars().count() < width, "{width} columns: {line}");
            assert!(!line.contains('\u{1b}') && line == line.trim_end(), "{line:?}");
        }
    }
}

/// The demo is a test only if it notices.
#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_the_script_is_told() {
    let lists = Wire::Kube {
        home: Home::Prod,
        method: "GET",
        path: "/api/v1/namespaces/cost-report/pods",
        media: "",
        body: "",
    };
    let deletes =
        Wire::Kube { home: Home::Prod, method: "DELETE", path: "/api/v1/namespaces/cost-report", media: "", body: "" };
    let call = |wire, operation, verdict| Beat::Call(Call { wire, operation, verdict });
    let story = [
        call(lists, "kubernetes:core:pods.list", Verdict::Denied),
        call(deletes, "kubernetes:core:namespaces.delete", Verdict::Passed),
        call(lists, "kubernetes:core:pods.get", Verdict::Passed),
    ];
    let (told, text) = play_on(80, &story).await;
    assert_eq!(
        told.surprises,
        [
            "kubernetes:core:pods.list: Passed, not Denied",
            "kubernetes:core:namespaces.delete: ApprovalNeeded, not Passed",
            "kubernetes:core:pods.get: the operation is `kubernetes:core:pods.list`, not `kubernetes:core:pods.get`",
        ],
        "{text}"
    );
}
