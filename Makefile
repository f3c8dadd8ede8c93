# cellvi. `make help` lists the targets.

GO     ?= go
DATE   := $(shell date +%F)
COUNT  ?= 1
ENGINE ?= $(firstword $(if $(shell timeout 5 docker info >/dev/null 2>&1 && echo y),docker) $(foreach e,buildah podman,$(if $(shell command -v $(e)),$(e))))

# RESULTS=bench/results: the tests of workflows, image and faults write a page of what they saw there
page = $(if $(RESULTS),--results $(RESULTS)/$(1)-$(DATE).md)

.DEFAULT_GOAL := build

.PHONY: help setup build demo test test-python lint bench bench-go bench-family quality roundtrip bench-de bench-query bench-posterior golden fuzz-files test-huge test-workflows test-image test-faults screenshots image clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the system packages that building needs, where missing
	@scripts/setup.sh

build: setup ## Build bin/cellvi
	$(GO) build -trimpath -buildvcs=false -ldflags "-s -w" -o bin/cellvi .

demo: build ## Simulate cells, run cellvi over them, say what came out
	@scripts/demo.sh

test: build ## The whole test suite, under 10 minutes
	@GO="$(GO)" scripts/test.sh

test-python: build ## The demo's outputs, as pandas, polars, pyarrow and anndata read them
	@scripts/test-python.sh

lint: ## gofmt, go vet, and golangci-lint where it is installed
	@GO="$(GO)" scripts/lint.sh
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run; else echo "golangci-lint is not installed: left out"; fi

bench: build ## Speed and memory, beside scvi-tools where CELLVI_BENCH_PYTHON has it; ARGS=--quick for a look
	@python3 bench/speed.py --date $(DATE) $(ARGS)

bench-go: build ## Go's benchmarks of the loops; COUNT=6 for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) ./model/... ./io/...

bench-family: ## Training time of each part of the model relative to nb
	@python3 bench/family.py --date $(DATE) $(ARGS)

quality: build ## Train on real counts and compare with scvi-tools (see bench/README.md)
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has pandas, anndata, pyarrow and scib-metrics}" bench/quality.py --date $(DATE)

roundtrip: build ## Models carried to scvi-tools and back, and what both make of the same cells
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has scvi-tools 1.4.2, pandas, anndata, pyarrow and scikit-learn}" bench/roundtrip.py --date $(DATE) $(ARGS)

bench-de: build ## Differential expression beside scvi-tools', of one model
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has scvi-tools 1.4.2, pandas, anndata, pyarrow and scikit-learn}" bench/de.py --date $(DATE) $(ARGS)

bench-query: build ## A patient mapped onto a reference of seven others, beside scvi-tools
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has scvi-tools 1.4.2, pandas, anndata, pyarrow and scikit-learn}" bench/query.py --date $(DATE) $(ARGS)

# WHAT is a program of bench/ that needs no more than quality does: refine, warmup, objectives, posteriorfamily, anomaly, factor, rankgenes
bench-posterior: build ## What refined posteriors and other objectives buy (WHAT=refine, or warmup, anomaly, factor …: bench/README.md)
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has pandas, anndata, pyarrow, scikit-learn and scib-metrics}" bench/$(or $(WHAT),refine).py --date $(DATE) $(ARGS)

golden: ## Reference values of 23 further variants from scvi-tools (CELLVI_BENCH_PYTHON), and the model held to them
	rm -rf bench/.cache/golden && mkdir -p bench/.cache/golden
	@"$${CELLVI_BENCH_PYTHON:?set it to a Python that has scvi-tools and safetensors}" bench/golden.py "$${CELLVI_SHARED:-../shared}/golden/golden_counts.h5ad" bench/.cache/golden
	CELLVI_SHARED=$(CURDIR)/bench/.cache $(GO) test -count 1 -run TestGolden ./model

fuzz-files: build ## Mutate N=10000 files of counts and hold cellvi to one line and a documented exit code for each
	$(GO) run ./bench/fuzzfiles -n $(or $(N),10000) -seed $(or $(SEED),1) -bin bin/cellvi -out bench/results/fuzz-$(DATE).md

test-huge: build ## Tests that take gigabytes of disk and minutes: more than 2³¹ nonzeros, dense matrices beyond the budget
	CELLVI_HUGE=1 $(GO) test -timeout 60m -run Huge -v ./io/store/ .

test-workflows: build ## Nextflow and Snakemake, the real ones, over real counts: the bytes of cellvi run
	@scripts/test-workflows.sh $(call page,workflows)

test-image: ## Build the image and run it without network, rights or a writable root
	@scripts/test-image.sh $(call page,image)

test-faults: build ## Kill it, fill its disk, damage its files: nothing may be lost
	@scripts/setup.sh strace
	$(GO) run ./bench/faults -bin bin/cellvi $(call page,faults) $(ARGS)

screenshots: ## The report in headless Chromium, light and dark, narrow and wide
	@scripts/shots.sh $(or $(PAGE),demo/results/report.html) $(or $(OUT),demo/screenshots)

image: ## Build the container image cellvi:0.1.0
	@test -n "$(ENGINE)" || { echo "make image needs docker, buildah or podman" >&2; exit 1; }
	$(ENGINE) build -t cellvi:0.1.0 -t cellvi:latest .

clean: ## Remove what make made
	rm -rf bin demo .venv-test
