//! What kinds of findings there are: stable names for programs, and a sentence each for people.

use serde::{Deserialize, Serialize};

use crate::model::blast_words as words;

words! {
    /// Whether a finding fails a check.
    Gravity {
        /// Nothing is loaded, or a test does not hold.
        Error = "error",
        /// It works, and is probably not what was meant.
        Warning = "warning",
    }
}

words! {
    /// What kind of finding it is. The names stay: filters of code scanners refer to them.
    Kind {
        /// A file cannot be read.
        UnreadableFile = "unreadable-file",
        /// The text is not YAML.
        Syntax = "syntax",
        /// A key that the file's form does not have.
        UnknownKey = "unknown-key",
        /// A word that the key does not take.
        UnknownWord = "unknown-word",
        /// A key that must be there.
        MissingKey = "missing-key",
        /// A key that stands twice.
        DoubledKey = "doubled-key",
        /// A number where a text belongs, or the like.
        WrongType = "wrong-type",
        /// A value that cannot work; whatever has no kind of its own.
        WrongValue = "wrong-value",
        /// An id that is taken, or does not fit its file.
        Id = "id",
        /// A test inside a rule does not hold.
        FailedTest = "failed-test",
        /// A rule that no action can match.
        NeverMatches = "never-matches",
        /// An operation or provider that no catalog knows.
        UnknownOperation = "unknown-operation",
        /// A refusal without a safer way.
        MissingInstead = "missing-instead",
        /// A rule without tests.
        Unproved = "unproved",
        /// More approvals than there are people to give them.
        UnreachableQuorum = "unreachable-quorum",
        /// An exception that leaves nothing of what it lifts, or lasts too long.
        WideException = "wide-exception",
        /// It does nothing, or nothing any more.
        Idle = "idle",
        /// The file is not in its canonical form.
        Format = "format",
    }
}

impl Kind {
    /// One sentence, for lists of kinds.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::UnreadableFile => "A file cannot be read.",
            Self::Syntax => "The text is not YAML.",
            Self::UnknownKey => "The file has a key that its form does not have.",
            Self::UnknownWord => "A word stands where only certain words may.",
            Self::MissingKey => "A key that must be there is missing.",
            Self::DoubledKey => "A key stands twice in one map.",
            Self::WrongType => "A value has the wrong type.",
            Self::WrongValue => "A value cannot work.",
            Self::Id => "An id is taken already, or is not its file's path.",
            Self::FailedTest => "A test inside a rule does not hold.",
            Self::NeverMatches => "No action can ever match the rule.",
            Self::UnknownOperation => "No catalog knows the operation or its provider.",
            Self::MissingInstead => "A refusal names no safer way.",
            Self::Unproved => "No test proves what the rule matches and what it does not.",
            Self::UnreachableQuorum => "More approvals are asked for than there are people who can give them.",
            Self::WideException => "An exception leaves nothing of what it lifts, or lasts longer than 90 days.",
            Self::Idle => "A rule or an exception does nothing: it has ended, is off, or another one says the same.",
            Self::Format => "The file is not in its canonical form.",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::UnreadableFile => "See that the file is there, is a file of at most 4 MiB in UTF-8, and may be read.",
            Self::Syntax => {
                "See the line: most often it is the indentation, an open quote, or a `: ` or ` #` inside a text."
            }
            Self::UnknownKey | Self::UnknownWord => {
                "Use one of the names that the finding lists; `blastgate rules schema` has them all, and editors complete them."
            }
            Self::MissingKey => "Add the key; `blastgate rules new` writes a file with all keys.",
            Self::DoubledKey => "Keep one of them: in a list of values any one is enough.",
            Self::WrongType => "Write the type that the finding names; put account ids and versions in quotes.",
            Self::WrongValue => "See the finding: it says what the value can be.",
            Self::Id => "Name the file after the id: `rules/acme/no-drop.yaml` holds `acme/no-drop`.",
            Self::FailedTest => {
                "`blastgate rules test --rule ID -v` says what each test is read as. Change the rule, or the test if it was wrong."
            }
            Self::NeverMatches => "Two of its keys exclude each other, or `unless` covers all of `match`.",
            Self::UnknownOperation => "`blastgate operations PATTERN` lists the operations there are.",
            Self::MissingInstead => "Say in `instead` what can be done without danger; a blocked agent goes on by it.",
            Self::Unproved => "Add a request under `tests: match:` and a near miss under `not_match:`.",
            Self::UnreachableQuorum => "Give more people the role in `people.yaml`, or ask for fewer.",
            Self::WideException => "Name the resources in the exception's `match`, and an earlier `expires`.",
            Self::Idle => "Remove it, or see whether its `match` and its end say what was meant.",
            Self::Format => "Run `blastgate rules fmt` on the file.",
        }
    }
}
