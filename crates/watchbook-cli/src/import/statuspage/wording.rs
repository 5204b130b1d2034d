//! Texts of others, held to what the log accepts. What the log accepts is asked of its own types, never repeated here.

use watchbook_core::text::{Message, ServiceName, Short, TextError, Title};

/// The most different characters that are taken out of one text before it is given up.
const MAX_STRIPPED: usize = 64;
/// Stands where a text was cut.
const CUT: &str = " […]";

/// A text type of the log.
trait Checked: Sized {
    const MAX_BYTES: usize;
    const ONE_LINE: bool;

    fn check(text: &str) -> Result<Self, TextError>;
}

macro_rules! checked {
    ($($type:ident: $one_line:literal),+ $(,)?) => {
        $(impl Checked for $type {
            const MAX_BYTES: usize = Self::MAX_BYTES;
            const ONE_LINE: bool = $one_line;

            fn check(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        })+
    };
}

checked!(Title: true, ServiceName: true, Short: true, Message: false);

/// What had to be done to a text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Mended {
    /// What was done, one remark each.
    pub(super) remarks: Vec<String>,
}

impl Mended {
    fn remark(&mut self, what: &str, remark: &str) {
        self.remarks.push(format!("{what}: {remark}"));
    }

    /// A title. `None` when nothing readable is left.
    pub(super) fn title(&mut self, text: &str) -> Option<String> {
        self.mend::<Title>("title", text)
    }

    /// The name of a service.
    pub(super) fn service(&mut self, text: &str) -> Option<String> {
        self.mend::<ServiceName>("component", text)
    }

    /// A label's value.
    pub(super) fn label(&mut self, text: &str) -> Option<String> {
        self.mend::<Short>("label", text)
    }

    /// What an update says.
    pub(super) fn message(&mut self, text: &str) -> Option<String> {
        self.mend::<Message>("update", text)
    }

    fn mend<T: Checked>(&mut self, what: &str, text: &str) -> Option<String> {
        let mut text = if T::ONE_LINE {
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        } else {
            text.trim().to_owned()
        };
        for _ in 0..MAX_STRIPPED {
            match T::check(&text) {
                Ok(_) => return Some(text),
                Err(TextError::TooLong { bytes, limit, .. }) => {
                    self.remark(what, &format!("cut from {bytes} to {limit} bytes"));
                    let end = text.floor_char_boundary(T::MAX_BYTES - CUT.len());
                    text.truncate(end);
                    text.push_str(CUT);
                }
                Err(TextError::Forbidden { code, .. }) => {
                    let remark = format!("took out U+{code:04X}, which the log does not take");
                    self.remark(what, &remark);
                    text.retain(|character| u32::from(character) != code);
                    text = text.trim().into();
                }
                Err(_) => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_clean_text_stays_as_it_is() {
        let mut mended = Mended::default();
        let text = "Errors in «Pages»\nsince 10:00";
        assert_eq!(mended.message(text).as_deref(), Some(text));
        assert_eq!(mended, Mended::default());
    }

    #[test]
    fn what_hides_or_reorders_is_taken_out_and_told() {
        let mut mended = Mended::default();
        let title = mended.title("Errors\u{0} in\u{202E}\nPages");
        assert_eq!(title.as_deref(), Some("Errors in Pages"));
        insta::assert_debug_snapshot!(mended.remarks);
    }

    #[test]
    fn what_is_too_long_is_cut_and_told() {
        let mut mended = Mended::default();
        let title = mended.title(&"é".repeat(400)).unwrap();
        assert!(title.len() <= Title::MAX_BYTES && title.ends_with(CUT));
        insta::assert_debug_snapshot!(mended.remarks);
    }

    #[test]
    fn nothing_readable_is_nothing() {
        let mut mended = Mended::default();
        assert_eq!(mended.label(" \n\t "), None);
        assert_eq!(mended.message("\u{200B}"), None);
    }

    proptest! {
        #[test]
        fn what_is_left_is_accepted(text in ".{0,400}") {
            let mut mended = Mended::default();
            if let Some(title) = mended.title(&text) {
                prop_assert!(Title::new(&title).is_ok());
            }
            if let Some(message) = mended.message(&text) {
                prop_assert!(Message::new(&message).is_ok());
            }
        }
    }
}
