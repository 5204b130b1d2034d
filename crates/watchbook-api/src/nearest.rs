//! "Did you mean …?": the known name that a wrong one most probably stands for.

use crate::fault::shown;

/// Wrong names longer than this are not compared: nobody mistypes that much.
const COMPARED_BYTES: usize = 64;

/// The known name nearest to `name`, if one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > COMPARED_BYTES {
        return None;
    }
    let wanted = plain(name);
    let (distance, best) = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&wanted, &plain(known)), *known))
        .min_by_key(|(distance, _)| *distance)?;
    if distance <= wanted.chars().count() / 3 {
        return Some(best);
    }
    containing(&wanted, known)
}

/// A name without what people write in several ways.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-' | ' ' | '.'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The shortest known name that ends or begins with the wanted one, or the other way round: `id` for `incident_id`.
fn containing<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let related = |known: &str| {
        let known = plain(known);
        wanted.len() >= 2
            && (known.starts_with(wanted)
                || known.ends_with(wanted)
                || wanted.starts_with(&known)
                || wanted.ends_with(&known))
    };
    known
        .iter()
        .copied()
        .filter(|known| related(known))
        .min_by_key(|known| known.len())
}

/// What to say about a name that is not known: the nearest one, or all there are.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let name = shown(name);
    match nearest(name, known) {
        Some(best) => format!("there is no {what} {name:?}; did you mean {best:?}?"),
        None if known.is_empty() => format!("there is no {what} {name:?}; none is taken here"),
        None => format!(
            "there is no {what} {name:?}; known are {}",
            known.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found() {
        let known = ["service", "severity", "title", "incident_id", "started_at"];
        for (wrong, meant) in [
            ("sevrity", Some("severity")),
            ("Severity", Some("severity")),
            ("startedAt", Some("started_at")),
            ("id", Some("incident_id")),
            ("titel", Some("title")),
            ("servcie", Some("service")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, &known), meant, "{wrong}");
        }
        assert_eq!(nearest(&"severity".repeat(1_000), &known), None);
    }

    #[test]
    fn a_name_like_no_other_gets_the_whole_list() {
        assert_eq!(
            unknown("parameter", "zzz", &["a", "b"]),
            "there is no parameter \"zzz\"; known are a, b"
        );
        assert_eq!(
            unknown("parameter", "zzz", &[]),
            "there is no parameter \"zzz\"; none is taken here"
        );
    }
}
