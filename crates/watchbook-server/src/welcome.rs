//! `/`: says what this is and where to go next.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;

use crate::health::VERSION;
use crate::state::Server;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The page; `{version}` and `{backend}` are filled in.
const PAGE: &str = include_str!("welcome.html");

/// The page.
pub(crate) async fn page(State(server): State<Arc<Server>>) -> Response {
    let backend = server.app.health().await.backend;
    // Both are words of this program's own, so there is nothing to escape.
    let page = PAGE
        .replace("{version}", VERSION)
        .replace("{backend}", backend);
    let mut response = Response::new(Body::from(page));
    response.headers_mut().insert(CONTENT_TYPE, HTML);
    response
}
