# Bobbin's front door. `make` alone lists the targets; each does one thing and prints the command it runs.

include pipelines/ingest.mk

DATA ?= $(or $(BOBBIN_DATA),var)
SPOOL ?= $(or $(BOBBIN_SPOOL),spool)
PORT ?= $(or $(BOBBIN_PORT),8080)
BIN := .build/release
PREFIX ?= /usr/local
DESTDIR ?=
export BOBBIN_DATA := $(DATA)
export BOBBIN_SPOOL := $(SPOOL)
export SWIFT_BACKTRACE ?= enable=no

.DEFAULT_GOAL := help
.PHONY: help demo run ingest ask serve status $(STAGES) install uninstall setup model peers build test test-api test-browser lint bench torture \
  fixtures-update clean

help: ## list the targets
	@awk 'BEGIN { print "Usage: make TARGET\n" } \
	  /^## / { printf "%s\n", substr($$0, 4); next } \
	  /^[a-z$$()A-Z-]+:.*## / { split($$0, part, /:.*## /); name = part[1]; \
	    if (name == "$$(STAGES)") name = "$(firstword $(STAGES)) … $(lastword $(STAGES))"; \
	    printf "  %-16s %s\n", name, part[2] }' $(firstword $(MAKEFILE_LIST))

## Try it
demo: setup model build ## install, build, ingest the sample handbook, ask three questions, end
	@pipelines/demo.sh demo

run: setup model build ## the same and stay up, serving the chat page (PORT=8080)
	@pipelines/demo.sh run $(PORT)

## Use it
ingest: setup model build ## read documents: CHATBOT=name SOURCES="a.pdf https://…" [LEARN_ONLY=1]
	@test -n "$(CHATBOT)" -a -n "$(SOURCES)" || { echo 'usage: make ingest CHATBOT=name SOURCES="file… url…"'; exit 64; }
	$(BIN)/bobbin ingest $(if $(LEARN_ONLY),--learn-only) $(CHATBOT) $(SOURCES)

ask: build ## ask a question: CHATBOT=name Q="…"
	@test -n "$(CHATBOT)" -a -n "$$Q" || { echo 'usage: make ask CHATBOT=name Q="question"'; exit 64; }
	@$(BIN)/bobbin ask $(CHATBOT) "$$Q"

serve: build ## answer over HTTP (PORT=8080)
	@exec $(BIN)/bobbin-serve --port $(PORT)

status: build ## what became of the documents, and what waits in the spool
	@$(BIN)/bobbin status

$(STAGES): build ## drain one stage of the spool by hand
	$(BIN)/bobbin-$@ --spool $(SPOOL)

## Install
install: build ## executables, settings and systemd units (PREFIX=/usr/local, DESTDIR=)
	@pipelines/install.sh --bin $(BIN) --prefix $(PREFIX) --destdir "$(DESTDIR)"

uninstall: ## take them away again; state and settings stay
	@pipelines/install.sh --uninstall --prefix $(PREFIX) --destdir "$(DESTDIR)"

## Build and check
setup: ## check the Swift toolchain, install missing Debian packages (as root)
	@pipelines/setup.sh

model: ## get the embedding model's weights (once, 87 MB)
	@pipelines/get-model.sh $(DATA)

build: ## build the release executables
	@pipelines/build.sh release

peers: setup ## install what the tests talk to, from PyPI and Debian, into .build (once)
	@Tests/peers/install.sh

test: setup model peers lint ## build, pass the tests, a journey in Chromium, a minute of API fuzzing, 60 s of torture
	@pipelines/build.sh tests
	swift test --skip-build --skip '^(WebClientTests|AppTests|EndToEndTests\.(TrapTests|DocumentationSiteTests|HttpbinTests))'
	swift test --skip-build --filter '^EndToEndTests\.(TrapTests|DocumentationSiteTests|HttpbinTests)'
	swift test --skip-build --filter '^AppTests'
	swift test --skip-build --filter '^WebClientTests'
	@Tests/browser/run.sh --quick --bin .build/debug
	@Tests/api/run.sh --quick --bin .build/debug
	@Tests/torture/run.sh --quick --again --bin .build/debug

test-api: setup model ## try the HTTP API against its own description, and its timing (9 minutes)
	@pipelines/build.sh tests
	@Tests/api/run.sh --bin .build/debug

test-browser: setup model ## walk through the pages in Chromium (12 minutes; chromium from Debian)
	@pipelines/build.sh tests
	@Tests/browser/run.sh --bin .build/debug

lint: ## check the format of all Swift sources
	swift format lint --strict --recursive Package.swift Sources Tests

bench: setup model build ## measure, side by side with the peers, and print a table
	@Tests/bench/run.sh

torture: build model ## try to make the spool lose or double something (70 minutes; root for all of it)
	@Tests/torture/run.sh

fixtures-update: ## make the expected outputs of fixtures anew
	@fixtures/update.sh

clean: ## remove what was built and ingested
	rm -rf .build var $(addprefix spool/,$(STAGES) ledger)
