//! The table of hosts.

use axum::http::request::Parts;
use axum::http::{Request, Version};
use watchbook_api::ErrorCode;

use super::{BadSite, Ends, Sites, check};

fn ends() -> Ends {
    Ends {
        peer: "192.0.2.7:40000".parse().expect("an address"),
        local: "192.0.2.1:8000".parse().expect("an address"),
    }
}

fn sites() -> Sites {
    let allowed = ["gateway".to_owned(), "Other.Example:9000".to_owned()];
    Sites::new(Some("https://watch.example.org/base"), &allowed).expect("sites")
}

fn request(uri: &str, hosts: &[&str], version: Version) -> Parts {
    let mut request = Request::builder().uri(uri).version(version);
    for host in hosts {
        request = request.header("host", *host);
    }
    request.body(()).expect("a request").into_parts().0
}

fn outcome(uri: &str, hosts: &[&str], version: Version) -> Option<ErrorCode> {
    let checked = check(&request(uri, hosts, version), ends(), &sites());
    checked.err().map(|problem| problem.code)
}

#[test]
fn hosts() {
    const WRONG: Option<ErrorCode> = Some(ErrorCode::Misdirected);
    let table = [
        ("localhost", None),
        ("LOCALHOST:1234", None),
        ("localhost.", None),
        ("127.0.0.1:8000", None),
        ("127.9.9.9", None),
        ("[::1]:8000", None),
        ("[::ffff:127.0.0.1]", None),
        ("192.0.2.1:8000", None),
        ("192.0.2.2:8000", WRONG),
        ("gateway", None),
        ("gateway:8080", None),
        ("other.example", None),
        ("watch.example.org", None),
        ("evil.example", WRONG),
        ("localhost.evil.example", WRONG),
        ("127.0.0.1.evil.example", WRONG),
        ("localhost@evil.example", WRONG),
        ("evil@localhost", WRONG),
        ("", WRONG),
        ("local host", WRONG),
        ("0.0.0.0:8000", WRONG),
        ("2130706433", WRONG),
    ];
    for (host, expected) in table {
        assert_eq!(
            outcome("/", &[host], Version::HTTP_11),
            expected,
            "{host:?}"
        );
    }
}

#[test]
fn one_host_is_named() {
    const MALFORMED: Option<ErrorCode> = Some(ErrorCode::Malformed);
    assert_eq!(outcome("/", &[], Version::HTTP_11), MALFORMED);
    assert_eq!(outcome("/", &[], Version::HTTP_10), None);
    let two = ["localhost", "localhost"];
    assert_eq!(outcome("/", &two, Version::HTTP_11), MALFORMED);
}

#[test]
fn the_target_counts_before_the_header() {
    const WRONG: Option<ErrorCode> = Some(ErrorCode::Misdirected);
    let outcome = |uri| outcome(uri, &["localhost"], Version::HTTP_11);
    assert_eq!(outcome("http://evil.example/"), WRONG);
    assert_eq!(outcome("http://localhost:9/"), None);
}

#[test]
fn settings_that_name_no_host_are_refused() {
    for url in [
        "watch.example.org",
        "ftp://a",
        "https://",
        "https://u@h",
        "",
    ] {
        let refused = Sites::new(Some(url), &[]).expect_err(url);
        assert_eq!(refused, BadSite::PublicUrl(url.to_owned()));
    }
    for host in ["", "a b", "u@h"] {
        let refused = Sites::new(None, &[host.to_owned()]).expect_err(host);
        assert_eq!(refused, BadSite::Host(host.to_owned()));
    }
}

#[test]
fn the_public_origin_is_written_as_browsers_write_it() {
    let table = [
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:80/x", "http://a.example"),
        ("https://A.example:8443", "https://a.example:8443"),
    ];
    for (url, origin) in table {
        let sites = Sites::new(Some(url), &[]).expect(url);
        assert!(sites.is_public_origin(origin), "{url}");
        assert!(!sites.is_public_origin("https://b.example"), "{url}");
    }
}
