//! Statements embedded in a call (SQL, PartiQL): how they begin, and whether they call functions that nobody knows. This only
//! looks at words outside of quotes and comments; what it cannot follow is left as it stands and meets no mild condition.

/// Functions that only compute, in the dialects of PostgreSQL, MySQL, Redshift and Trino, and words that stand before a parenthesis.
const HARMLESS: &[&str] = &[
    "abs",
    "all",
    "and",
    "any",
    "approx_distinct",
    "approx_percentile",
    "array",
    "array_agg",
    "as",
    "avg",
    "between",
    "by",
    "cardinality",
    "case",
    "cast",
    "ceil",
    "ceiling",
    "char",
    "char_length",
    "coalesce",
    "concat",
    "contains",
    "convert",
    "count",
    "current_date",
    "current_timestamp",
    "date",
    "date_add",
    "date_diff",
    "date_format",
    "date_part",
    "date_trunc",
    "dateadd",
    "datediff",
    "decimal",
    "decode",
    "dense_rank",
    "distinct",
    "element_at",
    "else",
    "except",
    "exists",
    "extract",
    "filter",
    "first_value",
    "floor",
    "format",
    "from",
    "from_unixtime",
    "generate_series",
    "getdate",
    "greatest",
    "group",
    "group_concat",
    "having",
    "hour",
    "if",
    "ifnull",
    "in",
    "initcap",
    "int",
    "intersect",
    "interval",
    "is",
    "isnull",
    "join",
    "json_agg",
    "json_array_length",
    "json_build_object",
    "json_extract",
    "json_extract_path_text",
    "json_object",
    "json_value",
    "jsonb_agg",
    "jsonb_build_object",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "like",
    "limit",
    "listagg",
    "lower",
    "lpad",
    "ltrim",
    "map",
    "max",
    "md5",
    "min",
    "minute",
    "mod",
    "month",
    "not",
    "now",
    "ntile",
    "nullif",
    "numeric",
    "nvl",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "percentile_cont",
    "position",
    "power",
    "rank",
    "regexp_like",
    "regexp_replace",
    "regexp_substr",
    "replace",
    "right",
    "round",
    "row",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "select",
    "sequence",
    "set",
    "sha2",
    "sign",
    "size",
    "split_part",
    "sqrt",
    "stddev",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "sum",
    "then",
    "timestamp",
    "to_char",
    "to_date",
    "to_json",
    "to_timestamp",
    "to_unixtime",
    "trim",
    "try",
    "try_cast",
    "union",
    "unnest",
    "upper",
    "using",
    "value",
    "values",
    "varchar",
    "variance",
    "week",
    "when",
    "where",
    "with",
    "year",
];
/// After these a name before a parenthesis is a table's, with its columns.
const NAMING: &[&str] = &["into", "table", "index", "on", "references", "view", "exists"];

/// A word outside of quotes and comments, where it begins, and how deep in parentheses.
struct Word<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// What follows it, blanks aside.
    opens: bool,
}

/// The words of a statement; `None` where a quote or comment does not end.
fn words(text: &str) -> Option<Vec<Word<'_>>> {
    let mut words: Vec<Word<'_>> = vec![];
    let (mut at, mut depth) = (0, 0usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next()?;
        at += match first {
            '\'' | '"' | '`' => {
                let quoted = rest.get(..rest.get(1..)?.find(first)? + 2)?;
                // Whether a backslash keeps the quote from ending depends on the dialect.
                if quoted.contains('\\') {
                    return None;
                }
                if first != '\'' {
                    words.push(Word { text: quoted, at, depth, opens: false });
                }
                quoted.len()
            }
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            // MySQL carries out what stands in `/*! … */`.
            '/' if rest.starts_with("/*!") || rest.starts_with("/*M!") => return None,
            '/' if rest.starts_with("/*") => rest.find("*/")? + 2,
            '(' => {
                if let Some(word) = words.last_mut()
                    && text.get(word.at + word.text.len()..at).is_some_and(|between| between.trim().is_empty())
                {
                    word.opens = true;
                }
                depth += 1;
                1
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                1
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end =
                    rest.find(|next: char| !(next.is_alphanumeric() || "_.$".contains(next))).unwrap_or(rest.len());
                words.push(Word { text: rest.get(..end)?, at, depth, opens: false });
                end
            }
            _ => first.len_utf8(),
        };
    }
    Some(words)
}

/// The statement from its first word on; one that begins with `WITH` from the word that its parts are made for, as long as these parts
/// only select.
pub(super) fn body(text: &str) -> &str {
    let Some(words) = words(text) else { return text };
    let is = |word: &Word<'_>, names: &[&str]| names.iter().any(|name| word.text.eq_ignore_ascii_case(name));
    let Some(first) = words.first() else { return text };
    let verbs = ["select", "insert", "update", "delete", "merge"];
    let main = if is(first, &["with"]) {
        let changes = words.iter().any(|word| word.depth > 0 && is(word, &["insert", "update", "delete", "merge"]));
        words.iter().find(|word| !changes && word.depth == 0 && is(word, &verbs)).unwrap_or(first)
    } else {
        first
    };
    text.get(main.at..).unwrap_or(text)
}

/// Whether the statement calls a function that may do anything.
pub(super) fn calls(text: &str) -> bool {
    let Some(words) = words(text) else { return true };
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(|word| word.text.to_ascii_lowercase());
        let names = before.is_some_and(|before| NAMING.contains(&before.as_str()));
        // `WITH parts (a, b) AS (…)`, and parts that are only named.
        let lower = word.text.to_ascii_lowercase();
        word.opens && !names && HARMLESS.binary_search(&lower.as_str()).is_err() && !PARTIQL.contains(&lower.as_str())
    })
}

/// PartiQL's conditions (DynamoDB).
const PARTIQL: &[&str] = &["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "missing"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(HARMLESS.is_sorted());
    }

    #[test]
    fn statements_are_read_from_the_word_that_counts() {
        for (text, expected) in [
            ("select 1", "select 1"),
            ("  \n select 1", "select 1"),
            ("-- note\nselect 1", "select 1"),
            ("/* note */ delete from t", "delete from t"),
            ("with a as (select 1) select * from a", "select * from a"),
            ("with a as (select 1) delete from t", "delete from t"),
            (
                "with a as (delete from t returning *) select * from a",
                "with a as (delete from t returning *) select * from a",
            ),
            ("/*! drop table t */ select 1", "/*! drop table t */ select 1"),
            ("/* open", "/* open"),
            ("'text", "'text"),
            ("", ""),
        ] {
            assert_eq!(body(text), expected, "{text}");
        }
    }

    #[test]
    fn known_functions_and_tables_are_no_calls() {
        for (text, expected) in [
            ("select count(*) from t", false),
            ("SELECT Max (a), lower(b) FROM t WHERE c IN (1, 2)", false),
            ("insert into t (a, b) values (1, 2)", false),
            ("insert into s.t(a) values ('drop(x)')", false),
            ("create table t (a int)", false),
            ("select pg_terminate_backend(1)", true),
            ("select lo_import('/etc/passwd')", true),
            ("select * from dblink('x')", true),
            ("select f()", true),
            ("select \"f\"(1)", true),
            ("insert into \"t\" (a) values (1)", false),
            (r"select '\', f() -- '", true),
            ("/*! select f() */", true),
        ] {
            assert_eq!(calls(text), expected, "{text}");
        }
    }
}
