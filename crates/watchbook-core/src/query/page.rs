//! Pages of lists.

use super::Place;

/// The most items one page holds.
pub const MAX_LIMIT: usize = 500;
/// How many items a page holds when nobody says.
pub const DEFAULT_LIMIT: usize = 20;

/// What to give out of a list: how much, and after what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only items after this place.
    pub after: Option<Place>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            after: None,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where the next page begins after; `None` if this was the last.
    pub next: Option<Place>,
}

/// Takes one page out of items that come in any order. `place` must give every item a place of its own.
pub fn page_of<T>(
    items: impl IntoIterator<Item = T>,
    request: PageRequest,
    place: impl Fn(&T) -> Place,
) -> Page<T> {
    let mut rest: Vec<(Place, T)> = items
        .into_iter()
        .map(|item| (place(&item), item))
        .filter(|(at, _)| request.after.is_none_or(|after| *at > after))
        .collect();
    rest.sort_by_key(|(at, _)| *at);
    let more = rest.len() > request.limit;
    rest.truncate(request.limit);
    let next = if more {
        rest.last().map(|(at, _)| *at)
    } else {
        None
    };
    Page {
        items: rest.into_iter().map(|(_, item)| item).collect(),
        next,
    }
}
