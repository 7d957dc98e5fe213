# Holdfast. `make help` lists what there is; `make bench` is the main job.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO      ?= go
OUT     ?= out
BIN     := bin/holdfast
# Everything is built in one way, so that a fresh machine compiles it once: static, for
# the same file runs as a process and in an empty container, and without this machine's
# paths. The race detector alone needs another (scripts/test.sh).
export CGO_ENABLED := 0
export GOFLAGS += -trimpath
BUILD   := $(GO) build

.PHONY: help setup build image bench bench-all bench-scale bench-tasks prove gains mutate reach soak-verdicts attack fleet test alerts alerts-test examples report-test screenshot lint fuzz perf

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## what a bare Debian or Ubuntu machine lacks (the targets below call it)
	@scripts/setup.sh

build: setup ## bin/holdfast, and bin/holdfast-alerts, which holdfast alerts runs
	@$(BUILD) -o $(BIN) ./cmd/holdfast
	@cd alerts && $(BUILD) -o ../$(BIN)-alerts ./cmd/holdfast-alerts

image: setup ## the images holdfast and holdfast-toxiproxy: the static program, as nobody, in an empty one
	@mkdir -p $(OUT)/image && cp Dockerfile $(OUT)/image/
	@$(BUILD) -tags slim -ldflags '-s -w' -o $(OUT)/image/holdfast ./cmd/holdfast
	@docker build --tag holdfast $(OUT)/image
	@docker build --target toxiproxy --tag holdfast-toxiproxy $(OUT)/image

bench: build ## the main job: the headline scenarios, under 2 minutes; last line: the report
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
mutate: build ## 60 drawn bugs and all invented ones in the reference, one by one: how many the scenarios notice (an hour or two)
	@$(BIN) mutate --drawn 60 --seed $(SEED) --out $(OUT)/mutate --into docs/truth.md

REACH := $(OUT)/reach
reach: setup ## which lines of the reference no scenario of the smoke suite reaches: no bug in them can be seen
	@rm -rf $(REACH) && mkdir -p $(REACH)/data
	@$(GO) build -cover -coverpkg=./reference/...,./cmd/holdfast -o $(REACH)/holdfast ./cmd/holdfast
	-@GOCOVERDIR=$(abspath $(REACH)/data) $(REACH)/holdfast run --all --profile smoke --out $(REACH)/run
	@$(GO) tool covdata textfmt -i=$(REACH)/data -o $(REACH)/lines.txt
	@grep '/reference/.* 0$$' $(REACH)/lines.txt | cut -d' ' -f1 | sort -V
	@$(GO) tool covdata percent -i=$(REACH)/data | grep /reference/

soak-verdicts: build ## the smoke suite 40 times over, with trouble from outside: no false alarm (about 90 minutes)
	@$(BIN) soak-verdicts --runs 40 --out $(OUT)/soak-verdicts

ATTACK_TIMEOUT ?= 10m
attack: build ## harm done to Holdfast itself, at most 10 minutes: kills, a silent engine, a full disk, planted files; writes docs/reliability.md
	@ATTACK_INTO=$(CURDIR)/docs/reliability.md $(GO) test -tags attack ./cmd/holdfast -run TestAttacks -count=1 -timeout $(ATTACK_TIMEOUT)

FLEET_TRIES ?= 20
fleet: setup ## workers killed and frozen, 20 times each, and cut off; what a broker bears (about 15 minutes)
	@FLEET_TRIES=$(FLEET_TRIES) $(GO) test -tags fleet ./fleet/coordinator -run 'Often|Together|TwoHundred|Costs|CutOff' -count=1 -timeout 40m -v

test: setup lint ## all that CI runs, but alerts-test, examples and report-test
	@scripts/setup-tests.sh
	@GO=$(GO) scripts/test.sh

# Each line is recorded one after the other, beside the others.
FAULTS_1 := alerts/calm
FAULTS_2 := alerts/database-slow alerts/database-down alerts/table-locked alerts/oracles-hang
FAULTS_3 := alerts/too-many-oracles alerts/mail-fails alerts/mail-refused alerts/mail-key-refused
FAULTS_4 := alerts/mail-slow alerts/program-stuck alerts/memory-short alerts/memory-out
define record
rm -rf $(OUT)/alerts-$(1); code=0; $(BIN) run --service deploy/alerts $(FAULTS_$(1)) --record-scrapes --quiet --out $(OUT)/alerts-$(1) >$(OUT)/alerts-$(1).log 2>&1 || code=$$?; \
case $$code in 0|1|3|5) ;; *) cat $(OUT)/alerts-$(1).log >&2; exit $$code ;; esac
endef

alerts: build ## each fault and its alert, live: records all faults of deploy/alerts, and holds its rules against them
	@mkdir -p $(OUT)
	@pids=; for run in 1 2 3 4; do $(MAKE) --no-print-directory record-$$run & pids="$$pids $$!"; done; for pid in $$pids; do wait $$pid || exit 1; done
	@$(BIN) alerts lint deploy/alerts/matrix.yaml --scrape $(OUT)/alerts-1/scrapes/alerts.calm.jsonl.gz
	@$(BIN) alerts matrix deploy/alerts/matrix.yaml $(OUT)/alerts-1 $(OUT)/alerts-2 $(OUT)/alerts-3 $(OUT)/alerts-4 --out $(OUT)/alerts

record-%:
	@$(call record,$*)

alerts-test: setup ## the module of alerts, with faults that were recorded
	@cd alerts && $(GO) vet ./... && $(GO) test ./...

examples: setup ## services in Python, Node and Go, each without and with its protection, and as a module of its own
	@scripts/setup-examples.sh
	@mkdir -p $(OUT) && rm -f $(OUT)/examples-told
	@HOLDFAST_EXAMPLES_TELL=$(abspath $(OUT))/examples-told scripts/try.sh -count=1 -parallel 4 -timeout 20m -- ./examples
	@cd examples/go && $(GO) vet ./... && $(GO) test ./...
	@cd deploy/kubernetes && $(GO) vet ./... && $(GO) test ./...
	@[ ! -s $(OUT)/examples-told ] || sort -u $(OUT)/examples-told

report-test: setup ## the report's pages in a real Chromium; screenshots in out/report-test
	@scripts/setup-browser.sh
	@mkdir -p $(OUT)/report-test
	@scripts/try.sh -count=1 -timeout 10m -artifacts -outputdir $(abspath $(OUT))/report-test -- ./reports/browser

screenshot: build ## docs/report.png, from a real run
	@scripts/setup-browser.sh
	@scripts/screenshot.sh $(OUT)/screenshot

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt -w is due for: $$unformatted" >&2; exit 1; }
	@$(GO) vet ./...
	@$(GO) vet -tags attack ./cmd/holdfast
	@$(GO) vet -tags fleet ./fleet/coordinator
	@$(GO) tool staticcheck ./...

fuzz: ## every fuzz target for 30 s each
	@scripts/fuzz.sh 30s

perf: build ## the figures of docs/performance.md, on this machine
	@scripts/perf.sh
