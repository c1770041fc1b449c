# The short names for what people do most. `make` alone lists them. The work is in scripts/, which run
# without make as well; recipes are silent, because the last line of `make test` is read by machines.

MAKEFLAGS += --no-print-directory
SIMPLE := examples/simple/pipeline.ts
DOOR := tcp://127.0.0.1:5050

.DEFAULT_GOAL := help
.PHONY: help set-up demo test check bench pipeline-simple web enqueue-jobs clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

set-up: ## Install what is missing on this machine, and build
	@node scripts/set-up.mjs 2>&1

demo: set-up ## Encode real clips through a manager and worker processes
	@node scripts/demo.mjs

test: set-up ## Run the checks and the tests; TESTS=all: the slow ones too, as CI does
	@node scripts/test.mjs 2>&1

check: set-up ## Run format, types, lint, layers, unused code, package checks
	@node scripts/check.mjs 2>&1

bench: set-up ## Measure throughput and latency on this machine
	@node bench/run.mjs

pipeline-simple: set-up ## Start manager and workers of the simple example
	@node dist/cli/main.js bundle $(SIMPLE)

web: set-up ## Start the simple example with its dashboard at http://127.0.0.1:8080/
	@node dist/cli/main.js bundle $(SIMPLE) --web 127.0.0.1:8080

enqueue-jobs: set-up ## Feed 20 jobs into the simple example
	@for size in $$(seq 1000 1000 20000); do echo "{\"size\": $$size}"; done \
		| node dist/cli/main.js enqueue $(DOOR) simple-pipeline -

clean: ## Remove what was built; installed packages stay
	@rm -rf dist out coverage
