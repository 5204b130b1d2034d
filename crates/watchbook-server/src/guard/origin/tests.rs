//! The table of origins.

use axum::http::Request;
use axum::http::uri::Authority;

use super::{Sites, check};

/// Whether a request with these headers to `localhost:8000` may pass.
fn passes(method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let parts = request.body(()).expect("a request").into_parts().0;
    let own = Authority::from_static("localhost:8000");
    let sites = Sites::new(Some("https://watch.example.org"), &[]).expect("sites");
    check(&parts, Some(&own), &sites).is_ok()
}

#[test]
fn origins() {
    let table = [
        ("http://localhost:8000", true),
        ("https://localhost:8000", true),
        ("http://LOCALHOST:8000", true),
        ("https://watch.example.org", true),
        ("http://watch.example.org", false),
        ("http://localhost", false),
        ("http://localhost:3000", false),
        ("http://127.0.0.1:8000", false),
        ("http://localhost:8000.evil.example", false),
        ("http://evil.example", false),
        ("file://", false),
        ("null", false),
        ("", false),
    ];
    for (origin, expected) in table {
        for method in ["GET", "POST"] {
            let got = passes(method, "/v1/incidents", &[("origin", origin)]);
            assert_eq!(got, expected, "{method} {origin:?}");
        }
    }
    assert!(passes("POST", "/v1/tools", &[]), "programs send no origin");
}

#[test]
fn several_origins_must_all_be_our_own() {
    let own = ("origin", "http://localhost:8000");
    assert!(!passes(
        "POST",
        "/",
        &[own, ("origin", "http://evil.example")]
    ));
}

#[test]
fn fetch_sites() {
    let table = [
        ("same-origin", true),
        ("none", true),
        ("same-site", true),
        ("cross-site", false),
        ("anything else", false),
    ];
    for (site, expected) in table {
        let got = passes("GET", "/v1/incidents", &[("sec-fetch-site", site)]);
        assert_eq!(got, expected, "{site}");
    }
}

#[test]
fn a_link_to_the_page_for_people_may_be_followed() {
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    assert!(passes("GET", "/", &link));
    assert!(!passes("POST", "/", &link));
    assert!(!passes("GET", "/v1/incidents", &link));
    let frame = [link[0], link[1], ("sec-fetch-dest", "iframe")];
    assert!(!passes("GET", "/", &frame));
}
