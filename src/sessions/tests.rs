use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Hand {
    fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_312_800_000 + self.0.load(Ordering::SeqCst))
    }
}

fn sessions(folder: &std::path::Path) -> (Sessions, Arc<Hand>) {
    let clock = Arc::new(Hand::default());
    (Sessions::new(Store::open(folder).unwrap(), Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn ana() -> OpenSession {
    OpenSession {
        agent: Some("claude".into()),
        person: Some("ana".into()),
        command: Some("bash".into()),
        pid: Some(7),
        kubeconfigs: vec![("/home/ana/.kube/config".into(), [9; 32])],
    }
}

#[test]
fn a_session_is_found_by_its_token_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = sessions(folder.path());
    let Opened { session, token } = sessions.open(ana()).unwrap();
    let other = sessions.open(OpenSession::default()).unwrap();
    let right = Credentials { session, token: token.clone() };
    let principal = sessions.find(&right).unwrap();
    assert_eq!((principal.session, principal.person.as_deref()), (session, Some("ana")));
    assert!(!principal.anonymous);
    assert_eq!(sessions.find(&Credentials { session, token: other.token }), None);
    assert_eq!(sessions.find(&Credentials { session: SessionId::new(sessions.clock.now(), 1), token }), None);
    assert_eq!(sessions.list().unwrap().len(), 2);
    let stored = sessions.get(session).unwrap().unwrap();
    assert_eq!((stored.pid, stored.kubeconfigs), (Some(7), ana().kubeconfigs));
}

#[test]
fn sessions_survive_the_gate_and_end_when_closed_wherever_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { session, token } = sessions(folder.path()).0.open(ana()).unwrap();
    let credentials = Credentials { session, token };
    let ((one, clock), (two, _)) = (sessions(folder.path()), sessions(folder.path()));
    assert!(one.find(&credentials).is_some(), "after a restart");
    assert!(two.close(session).unwrap());
    assert!(!two.close(session).unwrap());
    assert_eq!(two.find(&credentials), None);
    clock.forward(BELIEVED);
    assert_eq!(one.find(&credentials), None, "closed by another process");
    assert!(one.list().unwrap().is_empty());
    assert!(one.get(session).unwrap().unwrap().closed_at.is_some());
}

#[test]
fn the_token_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = sessions(folder.path());
    let opened = sessions.open(ana()).unwrap();
    let token = opened.token.expose().to_owned();
    assert_eq!(token.len(), 52);
    assert!(!format!("{opened:?} {sessions:?}").contains(&token));
    drop(sessions);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
    }
}

#[test]
fn a_known_session_outlives_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (sessions, clock) = sessions(&state);
    let Opened { session, token } = sessions.open(ana()).unwrap();
    std::fs::remove_dir_all(&state).unwrap();
    std::fs::write(&state, "in the way").unwrap();
    let credentials = Credentials { session, token };
    // The connection that is open may still answer; one that failed is opened anew, which cannot be done.
    let _ = sessions.store.write(|change| change.execute("INSERT INTO nothing VALUES (1)", []));
    clock.forward(BELIEVED);
    assert!(sessions.find(&credentials).is_some());
    assert!(sessions.open(ana()).is_err());
}

#[test]
fn credentials_have_one_form() {
    let id = SessionId::new(Timestamp::from_millis(5), 9);
    let basic = |text: &str| format!("Basic {}", data_encoding::BASE64.encode(text.as_bytes()));
    let good = Credentials::parse(&format!("{id}:abc")).unwrap();
    assert_eq!((good.session, good.token.expose()), (id, "abc"));
    assert_eq!(Credentials::from_basic(&basic(&format!("{id}:abc"))), Some(good.clone()));
    assert_eq!(Credentials::from_basic(&basic(&format!("{id}:abc")).replace("Basic", "bASIC")), Some(good));
    for bad in ["", ":", "abc", "x:y", &format!("{id}"), &format!("{id}:"), &format!("{id}:a b"), "s_:x"] {
        assert_eq!(Credentials::parse(bad), None, "{bad}");
        assert_eq!(Credentials::from_basic(&basic(bad)), None, "{bad}");
    }
    assert_eq!(Credentials::from_basic(&format!("Bearer {id}:abc")), None);
    assert_eq!(Credentials::from_basic("Basic !!!"), None);
}

#[test]
fn the_anonymous_are_told_apart_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = sessions(folder.path());
    let at = |address: &str| Client::Address(address.parse().unwrap());
    let same = |a: Client, b: Client| sessions.anonymous("proxy", a).session == sessions.anonymous("proxy", b).session;
    assert!(sessions.anonymous("proxy", at("10.0.0.1")).anonymous);
    assert!(same(at("10.0.0.1"), at("::ffff:10.0.0.1")));
    assert!(same(at("127.0.0.1"), at("127.9.9.9")) && same(at("127.0.0.1"), at("::1")));
    assert!(same(at("2001:db8::1"), at("2001:db8::ffff")));
    assert!(!same(at("10.0.0.1"), at("10.0.0.2")) && !same(Client::User(1), Client::User(2)));
    let proxy = sessions.anonymous("proxy", Client::User(1)).session;
    assert_ne!(proxy, sessions.anonymous("prod-eu", Client::User(1)).session);
    for n in 0..u32::try_from(3000).unwrap() {
        let _ =
            sessions.anonymous("proxy", Client::Address(IpAddr::from(0x0a00_0000u32.wrapping_add(n).to_be_bytes())));
    }
    assert!(same(at("192.0.2.1"), at("192.0.2.2")), "a crowd shares one");
    assert_eq!(sessions.anonymous("proxy", Client::User(1)).session, proxy, "who was known stays so");
}
