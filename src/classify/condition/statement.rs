//! Statements embedded in a call (SQL, PartiQL): how they begin, and whether they call functions that nobody knows. This only
//! looks at words outside of quotes and comments; what it cannot follow is left as it stands and meets no mild condition.

/// Functions that only compute, in the dialects of PostgreSQL, MySQL, Redshift, Trino and SQLite, and words that stand before a parenthesis.
const HARMLESS: &[&str] = &[
    "abs",
    "all",
    "and",
    "any",
    "any_value",
    "approx_distinct",
    "approx_percentile",
    "approximate",
    "array",
    "array_agg",
    "array_length",
    "array_to_string",
    "as",
    "ascii",
    "avg",
    "between",
    "bit_length",
    "bool_and",
    "bool_or",
    "by",
    "cardinality",
    "case",
    "cast",
    "ceil",
    "ceiling",
    "changes",
    "char",
    "char_length",
    "check",
    "chr",
    "coalesce",
    "column",
    "concat",
    "concat_ws",
    "constraint",
    "contains",
    "convert",
    "convert_timezone",
    "corr",
    "count",
    "cume_dist",
    "current_date",
    "current_setting",
    "current_timestamp",
    "date",
    "date_add",
    "date_diff",
    "date_format",
    "date_part",
    "date_sub",
    "date_trunc",
    "dateadd",
    "datediff",
    "datetime",
    "day",
    "dayofmonth",
    "dayofweek",
    "decimal",
    "decode",
    "dense_rank",
    "distinct",
    "element_at",
    "else",
    "every",
    "except",
    "exists",
    "exp",
    "extract",
    "filter",
    "first_value",
    "floor",
    "format",
    "from",
    "from_unixtime",
    "gen_random_uuid",
    "generate_series",
    "getdate",
    "glob",
    "greatest",
    "group",
    "group_concat",
    "having",
    "hex",
    "hour",
    "if",
    "ifnull",
    "iif",
    "in",
    "initcap",
    "instr",
    "int",
    "intersect",
    "interval",
    "is",
    "is_valid_json",
    "isnull",
    "join",
    "json",
    "json_agg",
    "json_array",
    "json_array_elements",
    "json_array_length",
    "json_build_object",
    "json_each",
    "json_extract",
    "json_extract_path_text",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_parse",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_serialize",
    "json_set",
    "json_tree",
    "json_type",
    "json_valid",
    "json_value",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_build_object",
    "jsonb_each",
    "julianday",
    "key",
    "lag",
    "last_day",
    "last_insert_rowid",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "like",
    "likely",
    "limit",
    "listagg",
    "ln",
    "log",
    "log10",
    "lower",
    "lpad",
    "ltrim",
    "map",
    "max",
    "md5",
    "median",
    "min",
    "minute",
    "mod",
    "mode",
    "month",
    "not",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "numeric",
    "nvl",
    "octet_length",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "pg_database_size",
    "pg_relation_size",
    "pg_size_pretty",
    "pg_total_relation_size",
    "position",
    "power",
    "primary",
    "printf",
    "quarter",
    "quote",
    "rand",
    "random",
    "randomblob",
    "rank",
    "regexp_like",
    "regexp_replace",
    "regexp_substr",
    "repeat",
    "replace",
    "returning",
    "reverse",
    "right",
    "round",
    "row",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "second",
    "select",
    "sequence",
    "set",
    "sha1",
    "sha2",
    "sha256",
    "sign",
    "size",
    "soundex",
    "split_part",
    "sqlite_version",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "str_to_date",
    "strftime",
    "string_agg",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "sum",
    "sysdate",
    "then",
    "time",
    "timediff",
    "timestamp",
    "timestampadd",
    "timestampdiff",
    "to_char",
    "to_date",
    "to_json",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "to_unixtime",
    "total",
    "total_changes",
    "translate",
    "trim",
    "trunc",
    "try",
    "try_cast",
    "typeof",
    "unhex",
    "unicode",
    "union",
    "unique",
    "unixepoch",
    "unlikely",
    "unnest",
    "upper",
    "using",
    "uuid",
    "uuid_generate_v4",
    "value",
    "values",
    "var_pop",
    "varchar",
    "variance",
    "version",
    "week",
    "when",
    "where",
    "with",
    "year",
    "zeroblob",
];
/// After these a name before a parenthesis is a table's, with its columns; after `on` in the statement that makes an index.
const NAMING: &[&str] = &["into", "table", "index", "references", "view", "exists"];

/// A word outside of quotes and comments, where it begins, and how deep in parentheses.
struct Word<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// A parenthesis follows it, blanks aside.
    opens: bool,
    /// It stands in brackets, which some dialects take for the quotes of one name.
    inner: bool,
}

/// What stands in a statement outside of quotes and comments.
struct Text<'a> {
    words: Vec<Word<'a>>,
    /// Where a `;` stands.
    ends: Vec<usize>,
}

/// Reads a statement; `None` where dialects could read it differently: what does not end, nested comments, backslashes in quotes,
/// dollar quotes, MySQL's `#` and `/*! … */`, `--` without a blank.
fn read(text: &str) -> Option<Text<'_>> {
    let (mut words, mut ends): (Vec<Word<'_>>, Vec<usize>) = (vec![], vec![]);
    // Whether nothing but blanks and comments stands between the last word and here.
    let mut follows = false;
    // The end of the brackets that were opened last.
    let (mut at, mut depth, mut inside) = (0, 0usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        let second = rest.get(first.len_utf8()..).and_then(|rest| rest.chars().next());
        let mut next_follows = false;
        at += match first {
            _ if first.is_whitespace() => {
                next_follows = follows;
                first.len_utf8()
            }
            '-' | '/' if rest.starts_with("--") || rest.starts_with("/*") => {
                next_follows = follows;
                comment(rest)?
            }
            '[' => {
                let region = bracketed(rest)?;
                // An index or an array as well as a name: both are read.
                words.push(Word { text: rest.get(..region.len() + 2)?, at, depth, opens: false, inner: at < inside });
                inside = inside.max(at + region.len() + 1);
                1
            }
            // What follows the quotes of a name, that is the brackets, may call it.
            ']' => {
                next_follows = at == inside;
                1
            }
            '#' | '\\' => return None,
            '$' if second.is_none_or(|second| !second.is_ascii_digit()) => return None,
            '\'' | '"' | '`' => {
                let quoted = quoted(rest, first)?;
                if first != '\'' {
                    words.push(Word { text: quoted, at, depth, opens: false, inner: at < inside });
                    next_follows = true;
                }
                quoted.len()
            }
            '(' => {
                if let Some(word) = words.iter_mut().rev().find(|word| !word.inner || at < inside).filter(|_| follows) {
                    word.opens = true;
                }
                depth += 1;
                1
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                1
            }
            ';' => {
                ends.push(at);
                1
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|next: char| !(next.is_alphanumeric() || "_.$".contains(next)));
                let end = end.unwrap_or(rest.len());
                words.push(Word { text: rest.get(..end)?, at, depth, opens: false, inner: at < inside });
                next_follows = true;
                end
            }
            _ => first.len_utf8(),
        };
        follows = next_follows;
    }
    Some(Text { words, ends })
}

/// How long the comment is with which this begins.
fn comment(rest: &str) -> Option<usize> {
    if let Some(line) = rest.strip_prefix("--") {
        line.chars().next().is_none_or(char::is_whitespace).then_some(())?;
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    // From the third character on: `/*/` does not end itself.
    let (inside, _) = rest.get(2..)?.split_once("*/")?;
    let plain = !inside.starts_with(['!', 'M', '+']) && !inside.contains("/*");
    plain.then_some(inside.len() + 4)
}

/// The quoted text with which this begins. Whether a backslash keeps a quote from ending it depends on the dialect.
fn quoted(rest: &str, quote: char) -> Option<&str> {
    rest.get(..rest.get(1..)?.find(quote)? + 2).filter(|quoted| !quoted.contains('\\'))
}

/// What stands between a bracket and the next closing one, which SQLite and T-SQL take for a quoted name and others for an
/// index or an array; `None` where only one of the two would end there with all quotes, comments and parentheses closed.
fn bracketed(rest: &str) -> Option<&str> {
    let (region, after) = rest.get(1..)?.split_once(']')?;
    let odd = region.contains(['"', '`', ';', '\\']) || ["--", "/*"].iter().any(|opener| region.contains(opener));
    let strings = region.matches('\'').count() % 2 == 0;
    let depth = region.chars().try_fold(0u32, |depth, next| match next {
        '(' => depth.checked_add(1),
        ')' => depth.checked_sub(1),
        _ => Some(depth),
    });
    // T-SQL writes a bracket in a name twice.
    (!odd && strings && depth == Some(0) && !after.starts_with(']')).then_some(region)
}

/// The words of a statement with one blank before and after each, in lower case, without the quotes of names.
pub(super) fn spaced(text: &str) -> Option<String> {
    let mut spaced = String::with_capacity(text.len() + 2);
    for word in read(text)?.words {
        spaced.push(' ');
        spaced.push_str(&word.text.trim_matches(['"', '`', '[', ']']).to_ascii_lowercase());
    }
    spaced.push(' ');
    Some(spaced)
}

/// Whether the statement begins with these words, `*` standing for any one; comments are read over, and the parts of a `WITH`.
pub(super) fn begins(text: &str, pattern: &str) -> bool {
    let Some(read) = read(text) else { return false };
    let from = main(&read.words).unwrap_or(0);
    let mut words = read.words.iter().skip(from).filter(|word| !word.inner);
    pattern
        .split_whitespace()
        .all(|part| words.next().is_some_and(|word| part == "*" || word.text.eq_ignore_ascii_case(part)))
}

/// Whether there may be several statements.
pub(super) fn is_several(text: &str) -> bool {
    let Some(read) = read(text) else { return true };
    let last = read.words.last().map_or(0, |word| word.at);
    read.ends.iter().any(|end| *end < last)
}

/// The word that a statement's parts are made for: after `WITH`, as long as the parts only select.
fn main(words: &[Word<'_>]) -> Option<usize> {
    let is = |word: &Word<'_>, names: &[&str]| names.iter().any(|name| word.text.eq_ignore_ascii_case(name));
    let verbs = ["select", "insert", "update", "delete", "merge"];
    let first = words.first()?;
    let changes = words.iter().any(|word| word.depth > 0 && is(word, &["insert", "update", "delete", "merge"]));
    if !is(first, &["with"]) || changes {
        return Some(0);
    }
    words.iter().position(|word| word.depth == 0 && !word.inner && is(word, &verbs))
}

/// Whether the statement calls a function that may do anything.
pub(super) fn calls(text: &str) -> bool {
    let Some(Text { words, .. }) = read(text) else { return true };
    let is = |word: &Word<'_>, name: &str| word.text.eq_ignore_ascii_case(name);
    let made = words.first().is_some_and(|word| is(word, "create"));
    let index = made && words.iter().take(4).any(|word| is(word, "index"));
    words.iter().enumerate().any(|(at, word)| {
        // Words in brackets may be part of a name, and name nothing outside.
        let mut before = words.iter().take(at).rev().skip_while(|before| before.inner && !word.inner);
        let names = before.next().is_some_and(|before| {
            NAMING.contains(&before.text.to_ascii_lowercase().as_str()) || index && is(before, "on")
        });
        let lower = word.text.to_ascii_lowercase();
        word.opens && !names && HARMLESS.binary_search(&lower.as_str()).is_err() && !PARTIQL.contains(&lower.as_str())
    })
}

/// PartiQL's conditions (DynamoDB).
const PARTIQL: &[&str] = &["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "missing"];

#[cfg(test)]
mod tests;
