//! The command line's entry.

fn main() -> std::process::ExitCode {
    blastgate::cli::main()
}
