//! Tables: columns with a head, without frames. On a terminal they are held to its width, elsewhere a row is one line.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement};
use comfy_table::{Table as Grid, Width, presets};

use crate::surroundings::Terminal;

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its head.
    pub head: String,
    /// Whether its cells may be wrapped when there is too little room.
    pub wraps: bool,
    /// Whether its cells are numbers.
    pub right: bool,
}

/// A column that is never wrapped.
pub(crate) fn fixed(head: impl Into<String>) -> Column {
    Column {
        head: head.into(),
        wraps: false,
        right: false,
    }
}

/// A column of texts, wrapped when there is too little room.
pub(crate) fn text(head: impl Into<String>) -> Column {
    Column {
        head: head.into(),
        wraps: true,
        right: false,
    }
}

/// A column of numbers.
pub(crate) fn number(head: impl Into<String>) -> Column {
    Column {
        head: head.into(),
        wraps: false,
        right: true,
    }
}

/// How a cell stands out where there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It needs somebody now.
    Alarm,
    /// It needs somebody soon.
    Warning,
    /// It is well.
    Good,
    /// It is there for whoever looks for it.
    Quiet,
}

impl Tone {
    const fn color(self) -> Color {
        match self {
            Self::Alarm => Color::Red,
            Self::Warning => Color::Yellow,
            Self::Good => Color::Green,
            Self::Quiet => Color::DarkGrey,
        }
    }

    /// The tone of a severity.
    pub(crate) fn of_severity(word: &str) -> Option<Self> {
        match word {
            "P0" | "P1" => Some(Self::Alarm),
            "P2" => Some(Self::Warning),
            "P4" => Some(Self::Quiet),
            _ => None,
        }
    }

    /// The tone of a status.
    pub(crate) fn of_status(word: &str) -> Option<Self> {
        match word {
            "triage" | "open" => Some(Self::Alarm),
            "acknowledged" | "mitigated" => Some(Self::Warning),
            "resolved" | "done" => Some(Self::Good),
            "closed" | "merged" | "canceled" => Some(Self::Quiet),
            _ => None,
        }
    }
}

/// A table in the making.
#[derive(Debug)]
pub(crate) struct Table {
    grid: Grid,
    colors: bool,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new(columns: &[Column], terminal: Terminal) -> Self {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING).force_no_tty();
        match terminal.width {
            Some(width) => {
                grid.set_width(width);
                grid.set_content_arrangement(ContentArrangement::Dynamic);
            }
            None => {
                grid.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        if terminal.colors {
            grid.enforce_styling();
        }
        let mut table = Self {
            grid,
            colors: terminal.colors,
        };
        let heads: Vec<Cell> = columns.iter().map(|column| table.head(column)).collect();
        table.grid.set_header(heads);
        for (index, column) in columns.iter().enumerate() {
            table.settle(index, column);
        }
        table
    }

    fn head(&self, column: &Column) -> Cell {
        let cell = Cell::new(&column.head);
        if self.colors {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    }

    fn settle(&mut self, index: usize, column: &Column) {
        let Some(settled) = self.grid.column_mut(index) else {
            return;
        };
        settled.set_padding(if index == 0 { (0, 0) } else { (2, 0) });
        if column.right {
            settled.set_cell_alignment(CellAlignment::Right);
        }
        let constraint = if column.wraps {
            ColumnConstraint::LowerBoundary(Width::Fixed(12))
        } else {
            ColumnConstraint::ContentWidth
        };
        settled.set_constraint(constraint);
    }

    /// Adds a row. Each cell is a text and how it stands out.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = (String, Option<Tone>)>) {
        let colors = self.colors;
        let cells = cells.into_iter().map(|(text, tone)| match tone {
            Some(tone) if colors => Cell::new(text).fg(tone.color()),
            _ => Cell::new(text),
        });
        self.grid.add_row(cells.collect::<Vec<Cell>>());
    }

    /// The table as text, with a line break at its end.
    pub(crate) fn finish(&self) -> String {
        let mut text = String::new();
        for line in self.grid.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A cell that does not stand out.
pub(crate) fn plain(text: impl Into<String>) -> (String, Option<Tone>) {
    (text.into(), None)
}
