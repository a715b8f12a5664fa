//! Forged callbacks: none is heard, all have the same answer, and nothing moves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::Entropy;
use domain::time::Time;
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::sign;
use edge::secret::Secret;
use harness::Story;
use reqwest::Method;
use serde_json::json;

/// What a forger sends: three headers, as far as they are there, and a body.
struct Forgery {
    what: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// A good message of a secret.
fn signed(secret: &Secret, id: &str, seconds_apart: i64, body: &[u8]) -> Forgery {
    let at = Time::from_millis(SystemClock.now().millis() + seconds_apart * 1000);
    let headers = sign(std::slice::from_ref(secret), id, at, body);
    Forgery { what: String::new(), headers, body: body.to_vec() }
}

impl Forgery {
    fn of(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        let header = self.headers.iter_mut().find(|(known, _)| *known == name).unwrap();
        self.what = format!("{name}: {value:?}");
        header.1 = value;
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.of(format!("no {name}"))
    }

    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// Another signature over the same message.
fn signatures(good: impl Fn() -> Forgery) -> Vec<Forgery> {
    let raw = good().header(SIGNATURE).trim_start_matches("v1,").to_owned();
    let bytes = STANDARD.decode(&raw).unwrap();
    let mut all = Vec::new();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        all.push(good().with(SIGNATURE, format!("v1,{}", STANDARD.encode(flipped))));
    }
    let backwards: String = raw.chars().rev().collect();
    for value in [
        String::new(),
        "v1".to_owned(),
        "v1,".to_owned(),
        raw.clone(),
        format!("v2,{raw}"),
        format!("V1,{raw}"),
        format!("v1a,{raw}"),
        format!("v1;{raw}"),
        format!("v1,{}", &raw[..raw.len() - 4]),
        format!("v1,{raw}AAAA"),
        format!("v1,{}", raw.to_lowercase()),
        format!("v1,{backwards}"),
        "v1,!!!! v1,????".to_owned(),
    ] {
        all.push(good().with(SIGNATURE, value));
    }
    all
}

/// Another time or id than was signed.
fn circumstances(good: impl Fn() -> Forgery) -> Vec<Forgery> {
    let now = good().header(TIMESTAMP).to_owned();
    let later = (now.parse::<i64>().unwrap() + 1).to_string();
    let times = [
        String::new(),
        format!("{now}000"),
        format!("-{now}"),
        format!("+{now}"),
        format!("0{now}"),
        format!("{now}.0"),
        "9223372036854775807".to_owned(),
        "0".to_owned(),
        "now".to_owned(),
        later,
    ];
    let ids = ["m2", "M1", "m1.", "m 1", ".", &"m".repeat(65)].map(str::to_owned);
    let times = times.into_iter().map(|value| good().with(TIMESTAMP, value));
    times.chain(ids.into_iter().map(|value| good().with(ID, value))).collect()
}

fn forgeries(own: &str, body: &[u8]) -> Vec<Forgery> {
    let secret = || Secret::from_whsec(own).unwrap();
    let good = || signed(&secret(), "m1", 0, body);
    let mut all: Vec<Forgery> = [ID, TIMESTAMP, SIGNATURE].map(|name| good().without(name)).into();
    all.extend(signatures(good));
    all.extend(circumstances(good));
    for apart in [-301, 302, -86_400, 86_400] {
        all.push(signed(&secret(), "m1", apart, body).of(format!("{apart} s away")));
    }
    for id in ["a.b", "m/1", &"m".repeat(65)] {
        all.push(signed(&secret(), id, 0, body).of(format!("signed as {id}")));
    }
    for (what, suffix) in [("a space", " "), ("a line", "\n"), ("another member", ",\"x\":1}")] {
        let mut forged = good().of(format!("{what} more in the body"));
        forged.body.extend_from_slice(suffix.as_bytes());
        all.push(forged);
    }
    let mut marked = good().of("a byte order mark before the body");
    marked.body.splice(..0, *b"\xef\xbb\xbf");
    all.push(marked);
    let inner = STANDARD.decode(own.trim_start_matches("whsec_")).unwrap();
    let half = format!("whsec_{}", STANDARD.encode(&inner[..24]));
    for (what, key) in [
        ("another secret", Secret::callback(&Entropy::new([9; 32]))),
        ("the secret's text", Secret::of_text(own)),
        ("the secret's base64", Secret::of_text(own.trim_start_matches("whsec_"))),
        ("no secret", Secret::of_text("")),
        ("a part of it", Secret::from_whsec(&half).unwrap()),
    ] {
        all.push(signed(&key, "m1", 0, body).of(format!("signed by {what}")));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forgery_is_heard() {
    let story = Story::begin().await;
    let request = story.activate(1).await;
    let before = story.until_status(request, "REQUEST_SENT").await;
    let body = json!({"id": request, "status": "COMPLETED"}).to_string();
    let path = format!("/v1/callbacks/{}/provisioning-requests/{request}", story.method);
    let nobody = story.admin().with_key("");
    let all = forgeries(&story.secret, body.as_bytes());
    assert!(all.len() >= 60, "{}", all.len());
    let mut told = std::collections::BTreeSet::new();
    for forged in &all {
        let headers: Vec<(&str, &str)> =
            forged.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = Some(forged.body.clone());
        let reply = nobody.call(Method::POST, &path, &headers, body).await;
        assert_eq!((reply.status, reply.code()), (401, "BAD_SIGNATURE"), "{}", forged.what);
        told.insert(reply.json["detail"].to_string());
    }
    assert_eq!(told.len(), 1, "why is told to nobody: {told:?}");
    let after = story.request(request).await;
    assert_eq!(after, before, "nothing moved");
    // The same by who knows the secret.
    let good = signed(&Secret::from_whsec(&story.secret).unwrap(), "m1", 0, body.as_bytes());
    let headers: Vec<(&str, &str)> =
        good.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = nobody.call(Method::POST, &path, &headers, Some(good.body.clone())).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    println!("{} forgeries", all.len());
}
