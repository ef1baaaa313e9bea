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

# Make the AWS tables anew from the pinned botocore
aws-catalog:
    python3 src/catalog/aws/generate.py

# A shippable binary
dist:
    cargo build --profile dist
