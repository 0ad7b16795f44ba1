# Everything a developer or a newcomer runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# jsii warns about Node 20's end of life on every start; the warning is about Node, not about this project.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-ceph any-order crash mutants simulate lint hooks bench synth stackset sbom licences picture costs configuration pins clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# pip would compile one file after the other, for the better part of a minute; compileall takes all cores.
$(READY): requirements/airlock.txt pyproject.toml
	@echo "Setting up $(VENV) from the hashed pins: two minutes or so, the first time."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes -r requirements/airlock.txt
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $(READY)

setup: $(READY)  ## Make .venv from the hashed pins

demo: $(READY)  ## Watch both kinds of install go 403, 200, 403 on an embedded AWS
	$(BIN)/python -m demo

# Three processes for two cores: some of the tests wait for servers and for time to pass. Each file is one process's;
# which files begin is said in tests/conftest.py.
test: $(READY) lint  ## Install, then lint, type-check and run every test
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-fast: $(READY)  ## The tests that need no servers
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not e2e" -q

test-ceph: $(READY)  ## The proof of refused and served once more, on Ceph (docs/testing.md)
	AIRLOCK_CEPH=1 $(BIN)/python -m pytest tests/e2e/test_ceph_policies.py

any-order: $(READY)  ## A thousand accounts lived through by the state machine: an hour or so
	AIRLOCK_LIVES=1000 $(BIN)/python -m pytest -s --timeout 0 tests/anyorder

crash: $(READY)  ## Let a process die at every AWS call of every scenario (docs/testing.md); half an hour or so
	$(BIN)/python -m tests.crash

mutants: $(READY)  ## Break what keeps holes shut, one thing at a time, and see tests fail; two minutes or so
	$(BIN)/python -m tests.crash.mutants

lint: $(READY)  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

hooks: $(READY)  ## Have git lint what is committed, and run the fast tests before a push
	$(BIN)/pre-commit install

simulate: $(READY)  ## A day of 1,000 installs under lost events and a throttled IAM: ten minutes or so
	$(BIN)/python -m tests.simulation $(SIMULATION)

bench: $(READY)  ## Ratios, call counts and growth: what the watcher costs
	$(BIN)/python -m tests.bench

synth: $(READY)  ## Synthesise the CloudFormation templates into cdk.out
	$(BIN)/python app.py

stackset: $(READY)  ## Write templates for any account of an organization into build/stackset
	$(BIN)/python -m infra.stackset

sbom: $(READY)  ## Write CycloneDX bills of the account and of this machine into build/sbom
	$(BIN)/python -m supply sbom

licences: $(READY)  ## Renew docs/licences.md from what is installed
	$(BIN)/python -m supply licences

picture: $(READY)  ## Draw docs/picture.svg from docs/picture.toml
	$(BIN)/python -m pages picture

configuration: $(READY)  ## Renew the made parts of docs/configuration.md from the schema
	$(BIN)/python -m pages configuration

costs: $(READY)  ## Measure what is used, and renew docs/costs.md from it and pages/prices.toml
	$(BIN)/python -m tests.bench.quantities
	$(BIN)/python -m pages costs

pins: $(READY)  ## Renew requirements/airlock.txt from requirements/airlock.in; then: make setup licences
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet pip-tools
	$(VENV)-pins/bin/pip-compile --quiet --upgrade --allow-unsafe --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	  --output-file=requirements/airlock.txt requirements/airlock.in
	rm -rf $(VENV)-pins

clean:  ## Remove what the other targets made
	rm -rf $(VENV) cdk.out build .artifacts *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
