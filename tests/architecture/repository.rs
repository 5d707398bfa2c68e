//! The files of the repository: those that git tracks or would track, with their text.

use std::process::Command;
use std::sync::OnceLock;

pub struct File {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
}

const SOURCE_EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "mjs", "sql", "sh"];

/// All text files, read once.
pub fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(read_files)
}

/// The files whose path begins with `prefix`.
pub fn under(prefix: &str) -> impl Iterator<Item = &'static File> {
    files().iter().filter(move |file| file.path.starts_with(prefix))
}

fn read_files() -> Vec<File> {
    let root = env!("CARGO_MANIFEST_DIR");
    let list = Command::new("git")
        .args(["-C", root, "ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git runs");
    assert!(list.status.success(), "git ls-files: {}", String::from_utf8_lossy(&list.stderr));
    let paths = String::from_utf8(list.stdout).expect("paths are UTF-8");
    // Not read: what was deleted but not yet committed, and what is not text.
    let read = |path: &str| {
        let text = std::fs::read_to_string(format!("{root}/{path}")).ok()?;
        Some(File { path: path.to_owned(), text })
    };
    paths.lines().filter_map(read).collect()
}

impl File {
    pub fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }

    /// Code that somebody wrote here, in any of our languages.
    pub fn is_source(&self) -> bool {
        SOURCE_EXTENSIONS.iter().any(|extension| self.has_extension(extension))
    }

    pub fn is_test(&self) -> bool {
        let in_tests = self.path.split('/').any(|part| part == "tests" || part == "tests.rs");
        in_tests || self.path.contains(".test.")
    }

    pub fn is_in_layer(&self, layer: &str) -> bool {
        let rest = self.path.strip_prefix("src/").and_then(|rest| rest.strip_prefix(layer));
        rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }

    /// Languages in which [`super::rust_text::functions`] finds functions.
    pub fn has_function_bodies(&self) -> bool {
        ["rs", "ts", "tsx", "mjs"].iter().any(|extension| self.has_extension(extension))
    }

    pub fn comment_starts(&self) -> &'static [&'static str] {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("rs") => &["//!"],
            Some("sql") => &["--", "/*"],
            Some("sh") => &["#"],
            _ => &["//", "/*"],
        }
    }
}
