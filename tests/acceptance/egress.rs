//! Addresses that a user can give: a corpus of those that lead inside, and of those that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use domain::request::dispatched::Answer;
use domain::time::Period;
use edge::ports::{Post, Provider, SystemClock};
use edge::provider::client::HttpProvider;
use edge::provider::egress::Policy;
use tokio::net::TcpListener;

/// First and last address of each block that is not public.
const INSIDE: [&str; 54] = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:10::1",
    "2002:a00:1::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fdff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "3fff::1",
    "5f00::1",
];

/// An address of four bytes, as browsers and resolvers read it, too.
fn notations(ip: &str) -> Vec<String> {
    let Ok(v4) = ip.parse::<std::net::Ipv4Addr>() else { return vec![format!("[{ip}]")] };
    let [a, b, c, d] = v4.octets();
    let whole = u32::from(v4);
    vec![
        ip.to_owned(),
        whole.to_string(),
        format!("{whole:#x}"),
        format!("{a:#o}.{b:#o}.{c:#o}.{d:#o}").replace("0o", "0"),
        format!("{a}.{b}.{}", u32::from(c) << 8 | u32::from(d)),
        format!("[::ffff:{ip}]"),
        format!("{ip}."),
    ]
}

fn inside() -> Vec<String> {
    let mut urls: Vec<String> = INSIDE
        .iter()
        .flat_map(|ip| notations(ip))
        .map(|host| format!("https://{host}/hook"))
        .collect();
    let names = [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "printer.local",
        "db.internal",
        "metadata.google.internal",
        "x.localdomain",
        "intranet",
        "pods",
        "a_b",
    ];
    urls.extend(names.map(|name| format!("https://{name}/hook")));
    let forms = [
        "http://pods.example/",
        "ftp://pods.example/",
        "file:///etc/passwd",
        "gopher://pods.example/",
        "https://user@pods.example/",
        "https://user:word@pods.example/",
        "https://pods.example/#x",
        "https://pods.example:22/",
        "https://pods.example:80/",
        "https://pods.example:4433/",
        "https://pods.example/ x",
        "https://pods.example/\n",
        "https://\u{0}pods.example/",
        "https:///pods",
        "https://",
        "//pods.example/",
        "pods.example",
        "javascript:alert(1)",
        "data:text/plain,x",
        "https://[::1",
        "https://1.2.3.4.5.6/",
        "https://999.1.1.1/",
        "",
        "unix:/var/run/x.sock",
        "https://pods.example\t/",
        "ws://pods.example/",
    ];
    urls.extend(forms.map(str::to_owned));
    urls
}

#[test]
fn what_leads_inside_is_refused() {
    let policy = Policy::default();
    let urls = inside();
    let let_in: Vec<&String> = urls.iter().filter(|url| policy.judge(url).is_ok()).collect();
    assert!(let_in.is_empty(), "{let_in:#?}");
    assert!(urls.len() >= 250, "{}", urls.len());
}

#[test]
fn what_is_public_is_allowed() {
    let mut hosts: Vec<String> = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
    ]
    .map(str::to_owned)
    .to_vec();
    hosts.extend(["2606:4700::1111", "2a00:1450::1", "2400::1"].map(|ip| format!("[{ip}]")));
    hosts.extend(
        ["pods.example", "a.b.pods.example", "xn--bcher-kva.example", "pods.example:8443"]
            .map(str::to_owned),
    );
    let policy = Policy::default();
    for host in &hosts {
        let judged = policy.judge(&format!("https://{host}/hook?x=1"));
        assert!(judged.is_ok(), "{host}: {judged:?}");
    }
    assert!(hosts.len() >= 25, "{}", hosts.len());
}

/// Whatever stands in the row, nothing inside is connected to.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_inside_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let met = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&met);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            seen.fetch_add(1, SeqCst);
        }
    });
    let provider = HttpProvider::new(Policy::default(), Arc::new(SystemClock));
    let letter = |url: String| Post {
        url,
        headers: Vec::new(),
        body: "{}".to_owned(),
        timeout: Period::from_secs(2),
    };
    let hosts = notations("127.0.0.1").into_iter().chain(["localhost".to_owned(), "0".to_owned()]);
    for host in hosts {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/hook");
            let answer = provider.post(&letter(url.clone())).await;
            assert!(matches!(answer, Answer::Blocked(_)), "{url}: {answer:?}");
        }
    }
    for url in inside() {
        let answer = provider.post(&letter(url.clone())).await;
        assert!(matches!(answer, Answer::Blocked(_)), "{url}: {answer:?}");
    }
    assert_eq!(met.load(SeqCst), 0);
}
