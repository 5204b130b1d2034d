//! Sizes of files and functions: the limits, and the medians that the limits alone would not show.

use crate::finding::Finding;
use crate::source::RustFile;

/// Most lines of a file that are not test. DESIGN, invariant 14.
const FILE_LINES_MAX: usize = 500;
/// Most lines of a function's body. DESIGN, invariant 14.
const FUNCTION_LINES_MAX: usize = 70;
/// Half of all files have at most so many lines that are not test. DESIGN, invariant 14.
const FILE_LINES_MEDIAN: usize = 200;
/// Half of all functions have at most so many lines. DESIGN, invariant 14.
const FUNCTION_LINES_MEDIAN: usize = 10;

/// Files and functions over their limit.
pub(super) fn check(file: &RustFile) -> Vec<Finding> {
    if file.is_test {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lines = file.product_lines();
    if lines > FILE_LINES_MAX {
        let message = format!(
            "{lines} lines without tests, {FILE_LINES_MAX} at most; split it by what it does"
        );
        findings.push(Finding::of(&file.path, message));
    }
    let too_long = file
        .outline
        .functions
        .iter()
        .filter(|function| function.body_lines > FUNCTION_LINES_MAX);
    findings.extend(too_long.map(|function| {
        let (name, lines) = (&function.name, function.body_lines);
        let message =
            format!("`{name}` has {lines} lines, {FUNCTION_LINES_MAX} at most; name its parts");
        Finding::at(&file.path, function.line, message)
    }));
    findings
}

/// Medians over their limit: no single file or function is at fault then, and the limits above would not show it.
pub(super) fn check_medians(files: &[RustFile]) -> Vec<Finding> {
    let (of_files, of_functions) = spreads(files);
    let over = |what: &str, spread: &Spread, limit: usize| {
        let median = spread.median;
        let message = format!(
            "half of all {what} have {median} lines or more, {limit} at most; name their parts"
        );
        (median > limit).then(|| Finding::of(what, message))
    };
    let files = over("files", &of_files, FILE_LINES_MEDIAN);
    let functions = over("functions", &of_functions, FUNCTION_LINES_MEDIAN);
    files.into_iter().chain(functions).collect()
}

/// Medians, 90th percentiles and the largest, over everything that ships.
pub(super) fn report(files: &[RustFile]) -> String {
    let (files, functions) = spreads(files);
    format!(
        "lines per   count median    p90    max  largest\n{}{}",
        files.row("file"),
        functions.row("function")
    )
}

/// How the sizes of files and of functions are spread, over everything that ships.
fn spreads(files: &[RustFile]) -> (Spread, Spread) {
    let product: Vec<&RustFile> = files.iter().filter(|file| !file.is_test).collect();
    let file_lines = product.iter().map(|file| {
        let name = file.path.clone();
        (file.product_lines(), name)
    });
    let function_lines = product.iter().flat_map(|file| {
        let place = |line| format!("{}:{line}", file.path);
        let functions = file.outline.functions.iter();
        functions.map(move |function| (function.body_lines, place(function.line)))
    });
    let functions = Spread::of(function_lines.collect());
    (Spread::of(file_lines.collect()), functions)
}

/// How sizes are spread.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) median: usize,
    pub(super) p90: usize,
    pub(super) max: usize,
    pub(super) largest: String,
}

impl Spread {
    /// The spread of sizes with the names of what they measure; of nothing, all zero.
    pub(super) fn of(mut sizes: Vec<(usize, String)>) -> Self {
        sizes.sort();
        // The smallest size that at least this share of all sizes does not exceed.
        let at =
            |percent: usize| sizes.get((sizes.len() * percent).div_ceil(100).saturating_sub(1));
        let size = |percent| at(percent).map_or(0, |(size, _)| *size);
        Self {
            count: sizes.len(),
            median: size(50),
            p90: size(90),
            max: size(100),
            largest: at(100).map(|(_, name)| name.clone()).unwrap_or_default(),
        }
    }

    fn row(&self, of: &str) -> String {
        let Self {
            count,
            median,
            p90,
            max,
            largest,
        } = self;
        format!("{of:<10} {count:>6} {median:>6} {p90:>6} {max:>6}  {largest}\n")
    }
}
