# Developer commands. `just` alone lists them.

default:
    @just --list

# The README's test command
test:
    cargo test

# Everything that a change must pass
ci:
    bash .ci/run

# The full figures of a long suite; results go to docs/soak/
soak name:
    BLASTGATE_SOAK=1 cargo test --release --test it {{replace(name, "-", "_")}} -- --nocapture

# All benches; the kept summary is docs/performance.md
bench:
    cargo bench

# Look for texts that break a law of the reader `name`: command or rules; needs a nightly toolchain and cargo-fuzz
fuzz name seconds="300":
    mkdir -p fuzz/corpus/{{name}}
    cargo +nightly fuzz run {{name}} fuzz/corpus/{{name}} fuzz/seeds/{{name}} -- -max_total_time={{seconds}} -timeout=10

# Make the AWS tables anew from the pinned botocore
aws-catalog:
    python3 src/catalog/aws/generate.py

# A shippable binary
dist:
    cargo build --profile dist
