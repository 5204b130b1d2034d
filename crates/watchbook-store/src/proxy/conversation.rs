//! What client and server are about: which message makes the server commit, and which answer belongs to it.

use std::collections::HashSet;

use super::wire::Message;

/// What becomes of a message of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The client gets it.
    Deliver,
    /// Nobody gets it.
    Swallow,
    /// Nobody gets it, and nothing after it: the answer that is withheld is complete.
    Complete {
        /// Whether the connection ends with it.
        ends: bool,
    },
}

/// One connection's conversation.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// Prepared statements that write.
    writing: HashSet<Vec<u8>>,
    /// Portals of such statements.
    opened: HashSet<Vec<u8>>,
    in_transaction: bool,
    /// Whether a write outside a transaction was executed since the last synchronisation, which will commit it.
    uncommitted: bool,
    /// How many answers the client has asked for.
    asked: u64,
    /// How many it was given.
    answered: u64,
    /// From which of them on the client hears nothing.
    withheld: Option<u64>,
    /// Whether the connection ends then.
    ends: bool,
}

impl Conversation {
    /// Takes note of what the client says; whether it makes the server commit.
    pub(super) fn client_says(&mut self, message: &Message) -> bool {
        let mut texts = message.texts();
        let mut text = || texts.next().unwrap_or_default().to_vec();
        match message.kind() {
            b'Q' => self.simple(&plain(&text())),
            b'P' => {
                let (name, sql) = (text(), text());
                keep(&mut self.writing, name, writes(&plain(&sql)));
                false
            }
            b'B' => {
                let (portal, statement) = (text(), text());
                let is_writing = self.writing.contains(&statement);
                keep(&mut self.opened, portal, is_writing);
                false
            }
            b'E' => {
                self.uncommitted |= !self.in_transaction && self.opened.contains(&text());
                false
            }
            b'S' => {
                self.asked += 1;
                std::mem::take(&mut self.uncommitted)
            }
            _ => false,
        }
    }

    /// A statement that is sent as text.
    fn simple(&mut self, sql: &str) -> bool {
        self.asked += 1;
        let begins = |words: &[&str]| words.iter().any(|word| sql.starts_with(word));
        if begins(&["begin", "start transaction"]) {
            self.in_transaction = true;
            return false;
        }
        begins(&["commit", "end"]) || (!self.in_transaction && writes(sql))
    }

    /// Lets the client hear nothing from the answer on to what it asked for last.
    pub(super) const fn withhold(&mut self, ends: bool) {
        self.withheld = Some(self.asked);
        self.ends = ends;
    }

    /// Takes note of what the server says, and decides what becomes of it.
    pub(super) fn server_says(&mut self, message: &Message) -> Fate {
        let answering = self.answered + 1;
        let withheld = self.withheld.filter(|first| answering >= *first);
        let is_ready = message.kind() == b'Z';
        // The first time it is ready answers the beginning of the connection.
        if is_ready && self.asked > 0 {
            self.answered += 1;
        }
        if is_ready {
            self.in_transaction = message.body() != b"I";
        }
        match withheld {
            None => Fate::Deliver,
            Some(first) if is_ready && first == answering => Fate::Complete { ends: self.ends },
            Some(_) => Fate::Swallow,
        }
    }
}

/// What a connection is remembered by is forgotten with its name's next use, as the server does it.
fn keep(names: &mut HashSet<Vec<u8>>, name: Vec<u8>, is_kept: bool) {
    if is_kept {
        names.insert(name);
    } else {
        names.remove(&name);
    }
}

/// A statement in lower case, without the lines that are comments.
fn plain(sql: &[u8]) -> String {
    let sql = String::from_utf8_lossy(sql).to_lowercase();
    let lines = sql.lines().map(str::trim);
    let said: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
    said.join(" ").trim().to_owned()
}

fn writes(sql: &str) -> bool {
    sql.contains("insert into ") || sql.contains("delete from ") || is_update(sql)
}

/// `select … for update` is none.
fn is_update(sql: &str) -> bool {
    sql.contains("update ") && sql.contains(" set ")
}
