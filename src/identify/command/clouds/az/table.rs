//! The table of az's commands.

use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("../../../../catalog/commands/clouds/az.tsv");
    let mut rows: Vec<Row> = text.lines().filter(|line| !line.starts_with('#')).filter_map(Row::parse).collect();
    rows.sort_by(|one, other| one.words.first().cmp(&other.words.first()));
    rows
});

/// A row.
#[derive(Debug)]
pub(in super::super) struct Row {
    pub(in super::super) words: Vec<&'static str>,
    pub(in super::super) method: &'static str,
    pub(in super::super) path: &'static str,
    pub(in super::super) body: &'static str,
    pub(in super::super) query: &'static str,
}

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        Some(Self {
            words: cells.next()?.split(' ').collect(),
            method: cells.next()?,
            path: cells.next()?,
            body: cells.next().filter(|cell| *cell != "-").unwrap_or_default(),
            query: cells.next().filter(|cell| *cell != "-").unwrap_or_default(),
        })
    }

    fn fits(&self, words: &[String]) -> bool {
        self.words.len() <= words.len()
            && self.words.iter().zip(words).all(|(wanted, word)| wanted.split('|').any(|one| one == word))
    }
}

/// The row that the most words lead to. A group's first word parts the table.
pub(super) fn find(words: &[String]) -> Option<&'static Row> {
    let first = words.first()?;
    let from = TABLE.partition_point(|row| row.words.first().is_some_and(|word| *word < first.as_str()));
    let of = TABLE.get(from..).unwrap_or_default().iter();
    of.take_while(|row| row.words.first().is_some_and(|word| word == first))
        .filter(|row| row.fits(words))
        .max_by_key(|row| row.words.len())
}
