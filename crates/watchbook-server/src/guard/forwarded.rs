//! Whether a request came through a proxy.

use axum::http::HeaderMap;

/// Headers that proxies add. Any `X-Forwarded-…` counts too.
const SIGNS: &[&str] = &[
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-host",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "x-envoy-peer-metadata",
    "cf-connecting-ip",
    "cf-ray",
    "true-client-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "x-arr-log-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "cdn-loop",
];
const PREFIX: &str = "x-forwarded";

/// The first header that tells of a proxy, if there is one.
pub(crate) fn sign_of_a_proxy(headers: &HeaderMap) -> Option<&str> {
    let mut names = headers.keys().map(axum::http::HeaderName::as_str);
    names.find(|name| name.starts_with(PREFIX) || SIGNS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn names() {
        let table = [
            ("forwarded", true),
            ("via", true),
            ("x-forwarded-for", true),
            ("x-forwarded-host", true),
            ("x-forwarded-proto", true),
            ("x-forwarded", true),
            ("x-real-ip", true),
            ("cdn-loop", true),
            ("host", false),
            ("user-agent", false),
            ("x-request-id", false),
            ("x-api-key", false),
        ];
        for (name, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
            assert_eq!(sign_of_a_proxy(&headers).is_some(), expected, "{name}");
        }
    }
}
