# Everything a person or CI does here. `make` alone lists it.
#
# Needs Rust, Node.js and, for the tests, Python 3; each step installs what else is missing:
# npm packages beside their package.json, tools into .tools, and Chromium from the
# distribution. Works with the make and bash of macOS, Debian and Ubuntu.

SHELL := /bin/bash
.DEFAULT_GOAL := help
# The steps share one machine and one target folder; side by side they only wait for each other.
.NOTPARALLEL:

SCRIPTS := tests/tools
WITH := $(SCRIPTS)/with.sh
TARGET := $(or $(CARGO_TARGET_DIR),target)

# What `make tools` builds where PATH has nothing new enough: version, then oldest that will do.
NEXTEST := 0.9.151 0.9.100
DENY := 0.20.2 0.20.0
FUZZ := 0.13.2 0.13.0
CYCLONEDX := 0.5.9 0.5.7

# How long `make fuzz` feeds each of its targets.
FUZZ_SECONDS ?= 60

# In CI the lock file is law, and tests are told not to stop at the first failure.
LOCKED := $(if $(CI),--locked)
NEXTEST_PROFILE := $(if $(CI),ci,default)

# Handed on by `make run`, for example: make run ARGS="--listen 127.0.0.1:9000 --empty"
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: npm-ui ## build, and serve the whole platform at http://127.0.0.1:8080 (ARGS="..." adds flags)
	cargo build $(LOCKED) --release -p oversight --bin oversight
	@exec $(TARGET)/release/oversight serve $(ARGS)

.PHONY: build
build: npm-ui ## the release build of every program
	cargo build $(LOCKED) --release --workspace --bins

.PHONY: test
test: tools fmt-check lint deny sbom unit browser ## everything: set-up, format, lint, dependencies, tests, browser

.PHONY: fmt
fmt: rust ## put the code in its standard format
	cargo fmt --all

.PHONY: fmt-check
fmt-check: rust
	cargo fmt --all -- --check

.PHONY: lint
lint: npm-ui ## clippy over everything, warnings refused
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings

.PHONY: deny
deny: tool-deny ## licences, sources, bans and known weaknesses of the dependencies
	$(SCRIPTS)/deny.sh

# One build with the features that the tests need serves the tests and every program they start.
.PHONY: test-build
test-build: npm-ui
	cargo build $(LOCKED) --workspace --bins --tests --examples

.PHONY: sbom
sbom: tool-cyclonedx ## what the program is made of, as target/sbom/oversight.cdx.json
	$(SCRIPTS)/sbom.sh

.PHONY: unit
unit: test-build tool-nextest tool-nats tool-schemathesis ## every Rust test: unit, property, conformance, whole system
	$(WITH) cargo nextest run $(LOCKED) --workspace --profile $(NEXTEST_PROFILE)
	@# Documentation examples are slow to build, so only when there are any.
	@if grep -rqE '^[[:space:]]*//[/!][[:space:]]*```(rust)?[[:space:]]*$$' --include='*.rs' proto services tests; then \
		$(WITH) cargo test $(LOCKED) --workspace --doc; \
	fi

.PHONY: browser
browser: test-build npm-browser tool-nats tool-chromium ## the pages in a real browser, with accessibility checks
	$(WITH) node --test --test-concurrency=2 --test-timeout=600000 tests/browser/*.test.mjs

.PHONY: fuzz
fuzz: tool-fuzz ## feed what reads foreign bytes with junk that learns (FUZZ_SECONDS for each target); `make unit` tries what it kept
	$(SCRIPTS)/fuzz.sh $(FUZZ_SECONDS)

.PHONY: fuzz-keep
fuzz-keep: ## keep what fuzzing found so far as the few small inputs that the next run begins with
	$(SCRIPTS)/fuzz-keep.sh

.PHONY: bench
bench: build tool-nats ## measure, print the ratios, and write them into the README
	$(WITH) cargo run $(LOCKED) --release -p whole-system --bin bench -- --readme README.md

.PHONY: tools
tools: npm-ui npm-browser tool-nats tool-schemathesis tool-chromium tool-nextest tool-deny tool-cyclonedx ## install all that building and testing need
	@rm -rf .tools/build

.PHONY: clean
clean: ## remove what was built and installed here; data stays
	cargo clean
	rm -rf .tools services/ui/node_modules tests/browser/node_modules tests/browser/shots

# The steps of `make tools`. Each returns at once when there is nothing to do.
.PHONY: rust npm-ui npm-browser tool-nats tool-schemathesis tool-chromium tool-nextest tool-deny tool-cyclonedx tool-fuzz
rust:
	@$(SCRIPTS)/check-host.sh rust
npm-ui: rust
	@$(SCRIPTS)/install-npm.sh services/ui
npm-browser:
	@$(SCRIPTS)/install-npm.sh tests/browser
tool-nats:
	@$(SCRIPTS)/install-nats.sh
tool-schemathesis:
	@$(SCRIPTS)/install-schemathesis.sh
tool-chromium: npm-browser
	@$(SCRIPTS)/install-chromium.sh
tool-nextest:
	@$(SCRIPTS)/install-cargo-tool.sh cargo-nextest $(NEXTEST)
tool-deny:
	@$(SCRIPTS)/install-cargo-tool.sh cargo-deny $(DENY)
tool-cyclonedx:
	@$(SCRIPTS)/install-cargo-tool.sh cargo-cyclonedx $(CYCLONEDX)
tool-fuzz:
	@$(SCRIPTS)/install-cargo-tool.sh cargo-fuzz $(FUZZ)
