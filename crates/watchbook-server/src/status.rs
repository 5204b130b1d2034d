//! The one table from error codes to HTTP statuses.

use axum::http::StatusCode;
use watchbook_api::ErrorCode;

/// The status that says `code` to an HTTP client.
pub const fn of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Misdirected => StatusCode::MISDIRECTED_REQUEST,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::InvalidParams => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_row() {
        let page = include_str!("../../../docs/http.md");
        for code in ErrorCode::ALL {
            let row = format!("| `{code}` | {} |", of(*code).as_u16());
            assert!(page.contains(&row), "docs/http.md lacks {row}");
        }
    }

    #[test]
    fn the_table() {
        let rows: Vec<String> = ErrorCode::ALL
            .iter()
            .map(|code| format!("{code} {}", of(*code).as_u16()))
            .collect();
        insta::assert_snapshot!(rows.join("\n"), @r##"
        malformed 400
        unauthenticated 401
        forbidden 403
        not_found 404
        conflict 409
        precondition_failed 412
        too_large 413
        unsupported_media_type 415
        invalid_params 422
        rate_limited 429
        unavailable 503
        internal 500
        misdirected 421
        "##);
    }
}
