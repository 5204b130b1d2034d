//! The outline of a file: its functions with their sizes, its imports as full paths, its test parts.

use std::ops::RangeInclusive;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Meta, Signature, UseTree};

/// What the checks ask of a file's structure.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Every function outside test parts, nested ones too.
    pub(crate) functions: Vec<Function>,
    /// Every name that a `use` brings in.
    pub(crate) imports: Vec<Import>,
    /// Lines of items under `#[cfg(test)]`, attributes included, and of test functions.
    pub(crate) test_lines: Vec<RangeInclusive<usize>>,
    /// Names of modules declared as `#[cfg(test)] mod name;`.
    pub(crate) test_modules: Vec<String>,
}

/// A function that ships.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The line of its name.
    pub(crate) line: usize,
    /// Lines of its body between the braces; a body on one line counts 1.
    pub(crate) body_lines: usize,
}

/// One imported name, written out: `use std::{fs, io::Read}` is `std::fs` and `std::io::Read`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The full path, its parts in order; a glob ends in `*`.
    pub(crate) path: Vec<String>,
    /// The line of the last part.
    pub(crate) line: usize,
}

impl Outline {
    /// Reads the outline of a parsed file.
    pub(crate) fn of(file: &syn::File) -> Self {
        let mut outline = Self::default();
        outline.visit_file(file);
        outline
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let open = block.brace_token.span.open().start().line;
        let close = block.brace_token.span.close().start().line;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            body_lines: (close - open).saturating_sub(1).max(1),
        });
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |last: String| [prefix, &[last]].concat();
        match tree {
            UseTree::Path(path) => self.import(&with(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
            UseTree::Name(name) if name.ident == "self" => self.imported(prefix.to_vec(), tree),
            UseTree::Name(name) => self.imported(with(name.ident.to_string()), tree),
            UseTree::Rename(rename) if rename.ident == "self" => {
                self.imported(prefix.to_vec(), tree);
            }
            UseTree::Rename(rename) => self.imported(with(rename.ident.to_string()), tree),
            UseTree::Glob(_) => self.imported(with("*".to_owned()), tree),
        }
    }

    fn imported(&mut self, path: Vec<String>, tree: &UseTree) {
        let line = tree.span().start().line;
        self.imports.push(Import { path, line });
    }
}

impl<'ast> Visit<'ast> for Outline {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if attributes(item).iter().any(is_test_only) {
            let (start, end) = (item.span().start().line, item.span().end().line);
            self.test_lines.push(start..=end);
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
            {
                self.test_modules.push(module.ident.to_string());
            }
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&[], &item.tree);
    }
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]`, `#[tokio::test]`; not `cfg(any(test, …))`, which also ships.
fn is_test_only(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if path
        .segments
        .last()
        .is_some_and(|last| last.ident == "test")
    {
        return true;
    }
    path.is_ident("cfg")
        && attribute
            .parse_args::<Meta>()
            .is_ok_and(|condition| needs_test(&condition))
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let parts = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
            list.parse_args_with(parts)
                .is_ok_and(|parts| parts.iter().any(needs_test))
        }
        _ => false,
    }
}

fn attributes(item: &syn::Item) -> &[Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
