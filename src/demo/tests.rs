use super::*;

async fn play_on(width: usize) -> (Told, String) {
    let scratch = Scratch::create().unwrap();
    let mut out = Vec::new();
    let told =
        play(&mut Screen::new(anstream::StripStream::new(&mut out), width, false), scratch.path()).await.unwrap();
    let path = scratch.path().to_owned();
    drop(scratch);
    assert!(!path.exists(), "nothing is left behind");
    (told, String::from_utf8(out).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_goes_as_told() {
    let (told, text) = play_on(80).await;
    assert_eq!(told.surprises, Vec::<String>::new(), "{text}");
    let calls = STORY.iter().filter(|beat| matches!(beat, Beat::Call(_))).count();
    let stops = STORY.iter().filter(|beat| matches!(beat, Beat::Call(call) if call.verdict != Verdict::Passed)).count();
    assert_eq!((told.calls, told.stopped), (calls, stops));
    assert!(text.contains("Approval needed (a_"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fits_its_terminal() {
    for width in [80, 120] {
        let (_, text) = play_on(width).await;
        for line in text.lines() {
            assert!(line.chars().count() < width, "{width} columns: {line}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
        }
    }
}
