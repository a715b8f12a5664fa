//! Hostile providers: each behaviour has its class, the deadline is kept, and what is read is
//! bounded.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use domain::cause::Silence;
use domain::limits::PROVIDER_BODY_BYTES;
use domain::request::attempt::AttemptOutcome;
use domain::request::dispatched::Answer;
use domain::time::Period;
use edge::ports::{Post, Provider, SystemClock};
use edge::provider::client::HttpProvider;
use edge::provider::egress::Policy;
use futures::future::{BoxFuture, join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};

/// The method's time-out where nothing else ends the attempt.
const SHORT: Period = Period::from_secs(1);
/// The same where something must come before, on a machine that is busy, too.
const LONG: Period = Period::from_secs(60);
/// No POST takes longer, whatever the provider does.
const PATIENCE: Duration = Duration::from_secs(90);
/// What a provider can get rid of before we hang up: our bound and the sockets' buffers.
const SENT: u64 = 32 * 1024 * 1024;

/// What a provider does with a connection.
#[derive(Clone, Debug)]
enum Does {
    /// Answers these bytes and closes.
    Says(Vec<u8>),
    /// Answers these bytes, then these again and again.
    Floods(&'static str, &'static str),
    /// Answers these bytes again and again, one message a write: as many as the deadline lets in,
    /// so that a quick machine does not count more of them than `SENT`.
    Repeats(&'static str),
    /// Answers these bytes, one each tenth of a second, for ever from the start.
    Drips(&'static str),
    /// Answers these bytes, and waits.
    Holds(&'static str),
    /// Resets the connection.
    Resets,
}

/// What must come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    Ok,
    Refused,
    Again(u16),
    Silent(Silence),
}

fn says(text: &str) -> Does {
    Does::Says(text.as_bytes().to_vec())
}

fn status(code: u16) -> Does {
    says(&format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n"))
}

async fn act(mut stream: TcpStream, does: Does, sent: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut request = vec![0; 4096];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    match does {
        Does::Says(bytes) => stream.write_all(&bytes).await?,
        Does::Floods(first, then) => {
            stream.write_all(first.as_bytes()).await?;
            let flood = then.repeat(8192 / then.len());
            loop {
                stream.write_all(flood.as_bytes()).await?;
                sent.fetch_add(flood.len() as u64, SeqCst);
            }
        }
        Does::Repeats(text) => loop {
            stream.write_all(text.as_bytes()).await?;
            sent.fetch_add(text.len() as u64, SeqCst);
        },
        Does::Drips(text) => {
            let mut tick = interval(Duration::from_millis(100));
            for byte in text.bytes().cycle() {
                tick.tick().await;
                stream.write_all(&[byte]).await?;
            }
        }
        Does::Holds(text) => {
            stream.write_all(text.as_bytes()).await?;
            while stream.read(&mut request).await? > 0 {}
        }
        Does::Resets => stream.set_zero_linger()?,
    }
    Ok(())
}

/// Posts to a provider that behaves so; says what came of it.
async fn posted(does: Does, timeout: Period) -> (Answer, u64) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let served = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A provider that is hung up on has nothing more to do.
            tokio::spawn(act(stream, does.clone(), Arc::clone(&counted)));
        }
    });
    let answer = post(url, timeout).await;
    served.abort();
    (answer, sent.load(SeqCst))
}

async fn post(url: String, deadline: Period) -> Answer {
    let policy = Policy { loopback: true, private: Vec::new() };
    let provider = HttpProvider::new(policy, Arc::new(SystemClock));
    let post = Post {
        url,
        headers: vec![("content-type".into(), "application/json".to_owned())],
        body: "{}".to_owned(),
        timeout: deadline,
    };
    timeout(PATIENCE, provider.post(&post)).await.expect("the deadline is kept")
}

async fn check(name: &str, does: Does, comes: Comes) {
    let deadline = if comes == Comes::Silent(Silence::Timeout) { SHORT } else { LONG };
    let (answer, sent) = posted(does, deadline).await;
    let came = match (&answer, answer.outcome()) {
        (Answer::None(silence, _), _) => Comes::Silent(*silence),
        (Answer::Http { .. }, AttemptOutcome::Ok) => Comes::Ok,
        (Answer::Http { status, .. }, AttemptOutcome::Retryable) => Comes::Again(*status),
        _ => Comes::Refused,
    };
    assert_eq!(came, comes, "{name}: {answer:?}");
    assert!(sent < SENT, "{name}: {sent} bytes were taken from it");
    if let Answer::Http { body, .. } = answer {
        // A byte that is no text becomes three.
        assert!(body.len() <= 3 * PROVIDER_BODY_BYTES, "{name}: {} bytes kept", body.len());
    }
}

fn table() -> Vec<(&'static str, Does, Comes)> {
    use Comes::{Ok, Refused, Silent};
    use Does::{Drips, Floods, Holds, Repeats, Resets};
    use Silence::{Broken, Timeout};
    let mut header_flood = b"HTTP/1.1 200 OK\r\n".to_vec();
    (0..100_000).for_each(|n| header_flood.extend(format!("x-{n}: y\r\n").into_bytes()));
    header_flood.extend(b"Content-Length: 0\r\n\r\n");
    let mut long_header = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    long_header.extend(vec![b'y'; 10 * 1024 * 1024]);
    long_header.extend(b"\r\nContent-Length: 0\r\n\r\n");
    let mut bomb =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n".to_vec();
    bomb.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe]);
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        ("resets", Resets, Silent(Broken)),
        ("closes without a word", says(""), Silent(Broken)),
        ("closes in its headers", says("HTTP/1.1 200 OK\r\nContent-Le"), Silent(Broken)),
        ("half a body", says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Silent(Broken)),
        ("no HTTP at all", says("SSH-2.0-OpenSSH_9.9\r\n"), Silent(Broken)),
        ("a 1xx and no more", says("HTTP/1.1 100 Continue\r\n\r\n"), Silent(Broken)),
        ("1xx for ever", Repeats("HTTP/1.1 100 Continue\r\n\r\n"), Silent(Timeout)),
        ("accepts and says nothing", Holds(""), Silent(Timeout)),
        ("headers that stop", Holds("HTTP/1.1 200 OK\r\nx: "), Silent(Timeout)),
        (
            "a body that stops",
            Holds("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            Silent(Timeout),
        ),
        (
            "ten bytes a second",
            Drips("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            Silent(Timeout),
        ),
        ("10 GB", Floods(huge, "xxxxxxxx"), Ok),
        ("chunks for ever", Floods(chunked, "8\r\nxxxxxxxx\r\n"), Ok),
        ("a gzip bomb", Does::Says(bomb), Ok),
        ("100,000 headers", Does::Says(header_flood), Silent(Broken)),
        ("a header of 10 MB", Does::Says(long_header), Silent(Broken)),
        ("headers for ever", Floods("HTTP/1.1 200 OK\r\n", "x: y\r\n"), Silent(Broken)),
        (
            "bytes that are no text",
            Does::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xfe\x00".to_vec()),
            Ok,
        ),
        ("204", status(204), Ok),
        ("299", status(299), Ok),
        ("a number beyond all classes", status(999), Refused),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_has_its_class() {
    // One at a time: what floods one connection must not take the time of the others.
    for (name, does, comes) in table() {
        check(name, does, comes).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_has_its_class() {
    let classes = (300..=308).chain(400..=451).chain(500..=511).map(|code| {
        let again = matches!(code, 408 | 425 | 429 | 500..);
        (code, if again { Comes::Again(code) } else { Comes::Refused })
    });
    let each = classes.map(|(code, comes)| async move {
        check(&code.to_string(), status(code), comes).await;
    });
    join_all(each).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let elsewhere = listener.local_addr().unwrap();
    for code in [301, 302, 303, 307, 308] {
        let text = format!(
            "HTTP/1.1 {code} X\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        );
        check("redirect", says(&text), Comes::Refused).await;
        let Answer::Http { heard, .. } = posted(says(&text), LONG).await.0 else {
            panic!("{code}")
        };
        assert_eq!(heard.location, Some(format!("http://{elsewhere}/")));
    }
    let visited = timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(visited.is_err(), "nobody came there");
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_in_every_form() {
    let wait = async |value: &str| {
        let text = format!("HTTP/1.1 429 X\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        match posted(says(&text), LONG).await.0 {
            Answer::Http { status: 429, heard, .. } => heard.retry_after.map(Period::millis),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(wait("120").await, Some(120_000));
    assert_eq!(wait("0").await, Some(0));
    assert_eq!(wait("99999999999999999999").await, Some(86_400_000), "a day at most");
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT").await, Some(0), "it has passed");
    assert_eq!(wait("Tue, 31 Dec 2999 23:59:59 GMT").await, Some(86_400_000));
    for none in ["-1", "soon", "1.5", "", "2027-01-01T00:00:00Z"] {
        assert_eq!(wait(none).await, None, "{none:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let refused = post(format!("http://{free}/"), LONG).await;
    assert!(matches!(refused, Answer::None(Silence::Connect, _)), "{refused:?}");
    let (plain, _) = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"no TLS here\r\n").await.unwrap();
        });
        (post(url, LONG).await, served)
    };
    assert!(matches!(plain, Answer::None(Silence::Connect, _)), "{plain:?}");
}

/// A name is looked up for real, by a resolver of our own: what it leads to is judged, and what
/// leads nowhere is told as that.
#[tokio::test(flavor = "multi_thread")]
async fn names_lead_to_public_addresses_or_nowhere() {
    fn lookup(name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let addresses: &[&str] = match name.as_str() {
                "private.example.com" => &["10.0.0.5"],
                "mixed.example.com" => &["203.0.114.9", "192.168.1.1"],
                "metadata.example.com" => &["fd00:ec2::254"],
                "mapped.example.com" => &["::ffff:127.0.0.1"],
                "empty.example.com" => &[],
                "full.example.com" => return Err(io::Error::from_raw_os_error(24)),
                _ => return Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
            };
            Ok(addresses.iter().map(|one| one.parse().unwrap()).collect())
        })
    }
    let policy = Policy::default();
    let provider = HttpProvider::looking_up(policy, Arc::new(SystemClock), lookup);
    let post = async |name: &str| {
        let url = format!("https://{name}/pods");
        let post = Post { url, headers: Vec::new(), body: "{}".to_owned(), timeout: SHORT };
        provider.post(&post).await
    };
    for name in ["private", "mixed", "metadata", "mapped"] {
        let answer = post(&format!("{name}.example.com")).await;
        assert!(matches!(answer, Answer::Blocked(_)), "{name}: {answer:?}");
        assert_eq!(answer.outcome(), AttemptOutcome::Blocked);
    }
    for name in ["empty", "unknown"] {
        let answer = post(&format!("{name}.example.com")).await;
        assert!(matches!(answer, Answer::None(Silence::Dns, _)), "{name}: {answer:?}");
    }
    // No descriptor is left: our own lack is waited for, and nothing was sent.
    let answer = post("full.example.com").await;
    let Answer::None(Silence::Connect, why) = &answer else { panic!("{answer:?}") };
    assert!(why.contains("nothing was sent"), "{why}");
}
