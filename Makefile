# make demo: train, score, export and use a model. make test: run the tests.
# Another Python: make demo PYTHON=python3.12

VENV := .venv
BIN := $(VENV)/bin
RUN := runs/demo
# Most tests make graphs, which keeps one core busy. Those of a file share what they have trained.
# In the order of the files: those with few tests, which would else come last, are the longest.
TWO_AT_ONCE := --numprocesses 2 --dist loadfile --no-loadscope-reorder

# The first Python on this machine that Keras and TensorFlow support.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c "$(SUPPORTED)" >/dev/null 2>&1 && echo $$each && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test validate lint notebook notebooks links pages results peers install clean

help:  ## Say what can be made.
	@echo "make demo          train on the built-in corpus, score, export, translate (8 minutes)"
	@echo "make install       make the environment .venv; the others do it too"
	@echo "make test          run the tests and validate the notebooks"
	@echo "make validate      execute the notebooks and compare their outputs (9 minutes)"
	@echo "make notebook N=3  open lesson 3"
	@echo "make notebooks     rebuild and execute all lessons, or with N=3 one of them"
	@echo "make links         write the address of pyproject.toml into the lessons, for a fork"
	@echo "make pages         the lessons as web pages, in build/pages"
	@echo "make lint          check the style"
	@echo "make results       write the reference models' table into the README"
	@echo "make peers         install what the benchmarks compare with"
	@echo "make clean         remove the environment and the demo"

# A folder named like a target must not hide it, so the environment is marked by a file.
install: $(VENV)/installed

$(VENV)/installed: pyproject.toml requirements.txt constraints.txt
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c "$(SUPPORTED)" 2>/dev/null; then \
		echo "s2s_keras needs Python 3.11, 3.12 or 3.13: install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
		exit 2; fi
	@"$(PYTHON)" -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make an environment: install its venv module (Debian: python3-venv)" >&2; \
		exit 2; }
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,notebook]"
	@touch $@

demo: install
	$(BIN)/s2s-keras train --corpus grammar --source de --target en --model gru-attention \
		--vocab-size 2000 --batch-tokens 1024 --epochs 4 --output $(RUN) --resume
	@echo "== scores on the test split (BLEU, chrF; aer: alignment error rate of the attention)"
	$(BIN)/s2s-keras evaluate $(RUN) --corpus grammar --split test --json $(RUN)/test.json
	@test -e $(RUN)/export/1 || $(BIN)/s2s-keras export $(RUN) --output $(RUN)/export
	@echo "== three sentences, translated by the exported SavedModel"
	@printf '%s\n' "Der kleine Hund schläft im Garten." "Warum hat die Lehrerin das Buch nicht gelesen?" \
		"Mein Bruder hofft, dass du morgen anrufst." | tee -a /dev/stderr | $(BIN)/s2s-keras translate $(RUN)/export
	@echo "== the run: $(RUN)   the export: $(RUN)/export (its README.md says how to use it)"
	@echo "== watch the training: $(BIN)/tensorboard --logdir $(RUN)/logs"

test: install lint
	$(BIN)/python -m pytest $(TWO_AT_ONCE)
	@$(MAKE) --no-print-directory validate

validate: install
	@set -e; set -- notebooks/*.ipynb; if [ -e "$$1" ]; then \
		$(BIN)/python -m pytest $(TWO_AT_ONCE) --nbval --nbval-current-env \
			--nbval-sanitize-with notebooks/sanitize.cfg "$$@"; \
	else echo "no notebooks to validate yet"; fi

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# From the package index alone, PyTorch for Linux brings gigabytes of CUDA with it.
peers: install
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch \
		--extra-index-url https://download.pytorch.org/whl/cpu --retries 1
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[benchmark]"

notebook: install
	@lesson=$$(ls notebooks/$(N)_*.ipynb notebooks/0$(N)_*.ipynb 2>/dev/null | head -n 1); \
	if [ -z "$(N)" ] || [ -z "$$lesson" ]; then \
		echo "there is no lesson '$(N)': say make notebook N=1; there are: $$(ls notebooks/*.ipynb 2>/dev/null | xargs -n 1 basename 2>/dev/null | tr '\n' ' ')" >&2; exit 2; fi; \
	$(BIN)/jupyter lab "$$lesson"

notebooks: install
	$(BIN)/python notebooks/build.py $(N)

links: install
	$(BIN)/python notebooks/build.py --links

pages: install
	$(BIN)/jupyter nbconvert --to html --template lesson --output-dir build/pages \
		--TemplateExporter.extra_template_basedirs=notebooks/templates notebooks/*.ipynb

results: install
	$(BIN)/python -m benchmarks.results

clean:
	rm -rf $(VENV) $(RUN)
