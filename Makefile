# Holdfast. `make help` lists what there is; `make bench` is the main job.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
OUT     ?= out
BIN     := bin/holdfast
# The race detector needs a C compiler. Without one the tests run all the same,
# and say so.
RACE    := $(shell command -v gcc >/dev/null 2>&1 && echo -race)
# The packages whose tests measure time.
MEASURING := /(harness|harness/(chaos|load|probe)|fakes/(httpfault|host|journal|oracleapi)|scenarios|scenarios/task)$$
# A static binary: the same file runs as a process and in an empty container.
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath

.PHONY: help setup build bench bench-all bench-scale bench-tasks prove gains mutate soak-verdicts test examples report-test screenshot lint fuzz perf

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## what a bare Debian or Ubuntu machine lacks (the targets below call it)
	@scripts/setup.sh

build: setup ## bin/holdfast
	@$(BUILD) -o $(BIN) ./cmd/holdfast

bench: build ## the main job: the headline scenarios, under 3 minutes; last line: the report
	@$(BIN) run --headline --profile bench --out $(OUT)/bench

bench-all: build ## every scenario of the bench profile, under 10 minutes
	@$(BIN) run --all --profile bench --out $(OUT)/bench-all

bench-scale: build ## search at 1,000,000 projects (seeds for about a minute the first time)
	@$(BIN) run search/scale --profile bench --out $(OUT)/bench-scale

bench-tasks: build ## the task scenarios that take minutes: 20 kills during 2,000 sends, the literal 60 s
	@$(BIN) run task/killed-often task/literal-countdown --profile bench --out $(OUT)/bench-tasks

prove: build ## the detection matrix: every protection taken away, one by one
	@$(BIN) prove --profile smoke --out $(OUT)/prove

gains: build ## what was promised, measured before and after; writes the table of the README
	@$(BIN) gains --out $(OUT)/gains --into README.md

SEED    ?= 1
mutate: build ## 60 drawn bugs and all invented ones in the reference, one by one: how many the scenarios notice (about an hour)
	@$(BIN) mutate --drawn 60 --seed $(SEED) --out $(OUT)/mutate --into docs/truth.md

soak-verdicts: build ## the smoke suite 40 times over, with trouble from outside: no false alarm (about 90 minutes)
	@$(BIN) soak-verdicts --runs 40 --out $(OUT)/soak-verdicts

test: setup lint ## all that CI runs, but examples and report-test
	@[ -n "$(RACE)" ] || echo "no C compiler: the tests run without the race detector" >&2
	@# Packages that measure time run one at a time, for a neighbour is noise; the
	@# others side by side, more of them than there are processors, for many wait
	@# for a database or a process. The scenarios run as they ship: under the race
	@# detector the load generator itself is late for bursts, and they would say so.
	@$(GO) test $(RACE) -p 4 -parallel 8 -timeout 20m $$($(GO) list ./... | grep -vE '$(MEASURING)|/reports/browser$$|/examples$$')
	@$(GO) test $(RACE) -p 1 -timeout 20m $$($(GO) list ./... | grep -E '$(MEASURING)' | grep -v '/scenarios$$')
	@$(GO) test -timeout 20m ./scenarios

examples: setup ## services in Python, Node and Go, each without and with its protection, and as a module of its own
	@scripts/setup-examples.sh
	@$(GO) test -count=1 -timeout 20m ./examples
	@cd examples/go && $(GO) vet ./... && $(GO) test ./...

report-test: setup ## the report's pages in a real Chromium; screenshots in out/report-test
	@scripts/setup-browser.sh
	@mkdir -p $(OUT)/report-test
	@$(GO) test -count=1 -timeout 10m -artifacts -outputdir $(abspath $(OUT))/report-test ./reports/browser

screenshot: build ## docs/report.png, from a real run
	@scripts/setup-browser.sh
	@scripts/screenshot.sh $(OUT)/screenshot

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt -w is due for: $$unformatted" >&2; exit 1; }
	@$(GO) vet ./...
	@$(GO) tool staticcheck ./...

fuzz: ## every fuzz target for 30 s each
	@scripts/fuzz.sh 30s

perf: build ## the figures of docs/performance.md, on this machine
	@scripts/perf.sh
