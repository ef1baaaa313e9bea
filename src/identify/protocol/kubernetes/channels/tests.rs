use http::{HeaderMap, HeaderValue};

use super::*;
use crate::model::http::{Authority, Scheme};

fn head(call: &str, upgrade: Upgrade, offers: &[&'static str]) -> Head {
    let (method, target) = call.split_once(' ').unwrap();
    let mut headers = HeaderMap::new();
    for offer in offers {
        headers.append("sec-websocket-protocol", HeaderValue::from_static(offer));
    }
    Head {
        scheme: Scheme::Https,
        authority: Authority { host: "kube.example".into(), port: 443 },
        method: method.parse().unwrap(),
        target: target.parse().unwrap(),
        headers,
        upgrade: Some(upgrade),
    }
}

const POD: &str = "GET /api/v1/namespaces/shop/pods/web";

#[test]
fn what_is_asked_for_stands_in_the_opening() {
    let check = |behind: &str, expected: Option<Purpose>| {
        let head = head(&format!("{POD}/{behind}"), Upgrade::WebSocket, &[]);
        assert_eq!(Channels::of(&head).map(|channels| channels.purpose), expected, "{behind}");
    };
    let program = |stdin| Some(Purpose::Program { stdin });
    let forward = |ports: &[u16], is_named| Some(Purpose::Forward { ports: ports.to_vec(), is_named });
    check("exec?command=ls&stdout=true", program(false));
    for yes in ["stdin=true", "stdin=1", "stdin=True", "stdin", "stdi%6e=true", "stdin=true&stdin=true"] {
        check(&format!("exec?command=ls&{yes}"), program(true));
        check(&format!("attach?{yes}"), program(true));
    }
    for no in
        ["stdin=false", "stdin=0", "stdin=FALSE", "Stdin=true", "stdin=true&stdin=false", "stdin=false&stdin=true"]
    {
        check(&format!("exec?{no}"), program(false));
    }
    check("portforward", forward(&[], false));
    check("portforward?ports=80", forward(&[80], true));
    check("portforward?ports=80,90&ports=100", forward(&[80, 90, 100], true));
    check("portforward?ports=x", forward(&[], true));
    check("proxy/exec", None);
    check("log?follow=true", None);
    let prefixed = head("GET /k8s/clusters/c-1/api/v1/namespaces/a/pods/b/exec", Upgrade::WebSocket, &[]);
    assert_eq!(Channels::of(&prefixed).map(|channels| channels.purpose), program(false));
}

#[test]
fn a_server_picks_what_can_be_followed() {
    let check = |offers: &[&'static str], picked: &[&str], expected: Result<Option<Framing>, ()>| {
        let channels = Channels::of(&head(&format!("{POD}/exec"), Upgrade::WebSocket, offers)).unwrap();
        assert_eq!(channels.framing(picked).map_err(drop), expected, "{offers:?} {picked:?}");
    };
    let plain = Ok(Some(Framing::PLAIN));
    check(&[], &[], plain);
    check(&["v5.channel.k8s.io, v4.channel.k8s.io"], &["v4.channel.k8s.io"], plain);
    let closing = Ok(Some(Framing::Channels { is_base64: false, closes: true }));
    check(&["v5.channel.k8s.io", "v4.channel.k8s.io"], &["v5.channel.k8s.io"], closing);
    let base64 = Ok(Some(Framing::Channels { is_base64: true, closes: false }));
    check(&["base64.channel.k8s.io"], &["base64.channel.k8s.io"], base64);
    check(&["SPDY/3.1+portforward.k8s.io"], &["SPDY/3.1+portforward.k8s.io"], Ok(Some(Framing::Tunnel)));
    // Offered with what can be followed, not offered at all, none or two of several.
    check(&["v4.channel.k8s.io, plain.kubevirt.io"], &["plain.kubevirt.io"], Err(()));
    check(&["v4.channel.k8s.io"], &["v5.channel.k8s.io"], Err(()));
    check(&["v4.channel.k8s.io"], &[], Err(()));
    check(&["v4.channel.k8s.io"], &["v4.channel.k8s.io", "v4.channel.k8s.io"], Err(()));
    check(&[], &["v4.channel.k8s.io"], Err(()));
    // Nothing that can be followed was offered: judged by its opening alone, unless it becomes a channel after all.
    check(&["plain.kubevirt.io"], &["plain.kubevirt.io"], Ok(None));
    check(&["plain.kubevirt.io"], &[], plain);
    check(&["plain.kubevirt.io"], &["v4.channel.k8s.io"], Err(()));
    let spdy = head(&format!("{POD}/exec"), Upgrade::Spdy, &[]);
    assert_eq!(Channels::of(&spdy).unwrap().framing(&[]), Ok(Some(Framing::Spdy)));
}

#[test]
fn an_attachment_of_docker_that_only_listens() {
    let check = |behind: &str, media: Option<&'static str>, expected: bool| {
        let mut head = head(&format!("POST /v1.43/containers/web/{behind}"), Upgrade::Tcp, &[]);
        if let Some(media) = media {
            head.headers.insert("content-type", HeaderValue::from_static(media));
        }
        assert_eq!(Channels::of(&head).is_some(), expected, "{behind}");
    };
    check("attach?stream=1&stdout=1", Some("text/plain"), true);
    check("attach?stdin=0", None, true);
    check("attach?stdin=1", None, false);
    check("attach?stdin=0&stdin=1", None, false);
    check("attach?stdout=1", Some("application/x-www-form-urlencoded"), false);
}
