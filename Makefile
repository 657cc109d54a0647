# Everything is set up by the first target that needs it: the virtual environment in .venv, the
# packages, the weights. A second run starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ARTICLE ?= eval/sets/briefing.md
# Each article gets a library of its own, so that its answers come from it alone.
LIBRARY ?= .footnoted/$(basename $(notdir $(ARTICLE)))
PORT ?=
# The weights that are fetched before anything else: none named are all that are used.
WEIGHTS :=
Q ?= Which strait did the warships pass, and how wide is it?

# What is measured on, which is not part of Footnoted.
XQUAD ?= ../shared/benchmarks/xquad-en-dev.json
SQUAD ?= ../shared/benchmarks/squad2-dev-even.json
MEASURED ?= ../shared/article/article.txt
# Questions that ask for evidence, nearly all of them.
QUESTIONS ?= ../shared/training/squad-train.json.gz $(XQUAD) $(SQUAD) \
	../shared/benchmarks/clapnq-dev-half.jsonl ../shared/benchmarks/mtrag-conversations.jsonl

# Questions whose answers take several sentences, and turns of conversations.
REWRITTEN ?= ../shared/benchmarks/mtrag-conversations.jsonl ../shared/training/mtrag-rewrites.jsonl.gz
PROSE ?= ../shared/benchmarks/clapnq-dev-half.jsonl ../shared/benchmarks/mtrag-conversations.jsonl \
	../shared/benchmarks/mtrag-un-fiqa.jsonl

VENV := .venv
PY := $(VENV)/bin/python
FOOTNOTED := $(VENV)/bin/footnoted

.PHONY: help install models more-models library chat ask test test-lab test-all beside faults check audit regression bench speed ablation pictures words lock clean

help:  ## Show what can be made.
	@sed -n 's/^\([a-z-]*\):.*##/  make \1\t/p' $(MAKEFILE_LIST)
	@echo '  ARTICLE=path opens another article; PORT=7861 another port; Q="…" is what make ask asks.'

install: $(VENV)/.installed  ## Set up .venv with everything that is needed.

# Python 3.11 to 3.13: the first that is there. PYTHON=… chooses another.
$(VENV)/.installed: pyproject.toml constraints.txt
	@set -e; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if command -v $$python >/dev/null 2>&1 && $$python -c \
	    'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'Footnoted needs Python 3.11, 3.12 or 3.13 with venv (on Debian: apt-get install python3-venv). Say which with PYTHON=….' >&2; \
	  exit 2; \
	fi; \
	test -x $(PY) || $$found -m venv $(VENV); \
	$(PY) -m pip install --quiet --upgrade 'pip>=25.1'; \
	$(PY) -m pip install --quiet --editable '.[scans]' --group dev --constraint constraints.txt; \
	touch $@

models: install
	@$(FOOTNOTED) models pull $(WEIGHTS)

# What some tests need besides: the search of documents in any language.
more-models: models
	@$(FOOTNOTED) models pull multilingual-e5-small

library: models
	@$(FOOTNOTED) add --library "$(LIBRARY)" "$(ARTICLE)"

# The window opens with what searching needs, and fetches the language model meanwhile.
chat: WEIGHTS := bge-small-en-v1.5-int8 ms-marco-minilm-l-12-v2-int8
chat: library  ## Open the window on the sample article.
	@$(FOOTNOTED) chat --fetch --library "$(LIBRARY)" $(if $(PORT),--port $(PORT))

ask: library  ## Ask the sample article one question: make ask Q="…".
	@$(FOOTNOTED) ask --library "$(LIBRARY)" "$(Q)"

# Two at a time but for those of the language model, which takes all cores by itself.
test: more-models chromium postgres  ## Run the tests.
	@$(PY) -m pytest --ignore tests/lab -n 2 --dist worksteal -m "not llm and not slow and not beside" --durations 15
	@$(PY) -m pytest $$(grep -l 'mark\.llm' tests/test_*.py) -m "llm and not slow and not beside" --durations 5

test-lab: more-models chromium  ## Run the tests of what measures and trains.
	@$(PY) -m pytest tests/lab -n 2 --dist worksteal -m "not slow and not beside" --durations 5

test-all: more-models chromium postgres  ## Run all tests, also those that take long and rarely fail.
	@$(PY) -m pytest -n 2 --dist worksteal -m "not llm and not beside"
	@$(PY) -m pytest -m "llm and not beside"

# What measures comes with other texts, which are not part of Footnoted.
beside: models  ## Run the tests that need what lies beside the project, in ../shared.
	@$(PY) -m pytest -m beside

# Three at a time on two cores, since much of it waits: for disks, for visitors that think.
faults: models chromium postgres  ## Break everything that can be broken, and print what came of it (about half an hour on two cores).
	@$(PY) -m pytest -n 3 --dist load --maxschedchunk 1 -m "faults and not llm and not slow" --share 1
	@$(PY) -m pytest -m "faults and llm" --share 1

check: install  ## Look at style, types and imports.
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache

# pip-audit stands in an environment of its own, and asks an advisory database. It writes its report
# only once it has asked for all: without one, nothing is known of the vulnerabilities.
audit: install  ## Look at the licences of all libraries, and for known vulnerabilities in them.
	@$(PY) -m pytest -q tests/test_licences.py
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PY) -m venv "$$folder" && "$$folder/bin/pip" install --quiet pip-audit || exit 2; \
	"$$folder/bin/pip-audit" --requirement constraints.txt --no-deps --disable-pip --strict \
	  --progress-spinner off --output "$$folder/report" 2>"$$folder/errors"; code=$$?; \
	if [ -f "$$folder/report" ]; then cat "$$folder/report" "$$folder/errors"; exit $$code; fi; \
	tail -1 "$$folder/errors" >&2; \
	echo 'pip-audit did not reach its data: nothing is known of vulnerabilities.' >&2; exit 2

regression: models  ## Check that a part of the bench has not fallen below what was kept.
	@$(PY) -m eval.lab.bench.regression .footnoted/kept $(if $(wildcard $(XQUAD)),--xquad "$(XQUAD)")

bench: models beside  ## Print the table of targets; takes over an hour, and goes on where it was stopped.
	@$(VENV)/bin/footnoted models pull all-minilm-l6-v2
	@$(PY) -m eval.lab.bench.routes $(QUESTIONS)
	@$(PY) -m eval.lab.bench.prose .footnoted/prose $(PROSE)
	@$(PY) -m eval.lab.bench.prose .footnoted/prose $(PROSE) --llm
	@set -e; for file in briefing.md railway.html heat-pumps.pdf; do \
		name=$${file%.*}; library=.footnoted/talks/$$name; \
		$(VENV)/bin/footnoted add --library $$library eval/sets/$$file; \
		$(VENV)/bin/footnoted eval run $$name-talks --library $$library --no-llm; \
	done
	@$(PY) -m eval.lab.bench.talks.typed .footnoted/typed --squad "$(SQUAD)"
	@$(PY) -m eval.lab.bench.talks.unclear .footnoted/unclear
	@$(PY) -m eval.lab.bench.talks.several .footnoted/several
	@$(PY) -m eval.lab.bench.talks.chatty .footnoted/chatty --squad "$(SQUAD)"
	@$(PY) -m eval.lab.bench.talks.rewrites .footnoted/prose $(REWRITTEN)
	@$(PY) -m eval.lab.bench.scans .footnoted/scans
	@$(PY) -m eval.lab.bench.tables .footnoted/tables
	@$(PY) -m eval.lab.bench.overviews .footnoted/overviews --squad "$(SQUAD)"
	@$(PY) -m eval.lab.bench .footnoted/bench --xquad "$(XQUAD)" --squad "$(SQUAD)" --article "$(MEASURED)"

speed: models chromium  ## Measure how fast it is, beside what else one would pick, into BENCHMARKS.md.
	@$(VENV)/bin/footnoted models pull all-minilm-l6-v2
	@$(PY) -m eval.lab.speed .footnoted/speed --peers --xquad "$(XQUAD)" --squad "$(SQUAD)" --article "$(MEASURED)"

pictures: models chromium  ## Make the pictures of the window again.
	@$(PY) -m tests.pictures

ablation: models  ## Print what each part of finding quotes is worth.
	@$(VENV)/bin/footnoted models pull all-minilm-l6-v2
	@$(PY) -m eval.lab.bench.ablation .footnoted/ablation --xquad "$(XQUAD)"

words: install  ## Bring the fixed words of the window into the catalogues of its languages (ui/words/).
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(VENV)/bin/pybabel -q extract -F pyproject.toml -k noted --no-wrap --sort-output --add-location=file \
	  -o "$$folder/words.pot" ui && \
	for code in $$($(PY) -c 'from ui.words.languages import LANGUAGES; print(*LANGUAGES[1:])'); do \
	  $(VENV)/bin/pybabel -q update -i "$$folder/words.pot" -o ui/words/$$code.po -l $$code --init-missing \
	    --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date && \
	  sed -i '/^"\(Project-Id\|Report-Msgid\|POT-Creation\|PO-Revision\|Last-Translator\|Language-Team\|MIME\|Content-Transfer\|Generated-By\)/d' \
	    ui/words/$$code.po || exit; \
	done

lock: install  ## Take the newest versions that pyproject.toml allows, and write them down.
	@$(PY) -m pip install --quiet --upgrade --upgrade-strategy eager --editable '.[scans]' --group dev
	@$(PY) -m pip freeze --exclude-editable | sed 's/+.*//' > constraints.txt

.PHONY: chromium
# The browser tests need a Chromium; on Debian as root it is installed here, else it is asked for. The
# font is for the Chinese words of the sample, which a bare system would show as boxes.
chromium:
	@command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
	|| command -v google-chrome >/dev/null 2>&1 \
	|| { command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] \
	     && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-wqy-microhei >/dev/null; } \
	|| { echo 'The browser tests need Chromium: install it (on Debian: apt-get install chromium).' >&2; exit 2; }

.PHONY: postgres
# The tests of libraries in PostgreSQL start servers of their own. Elsewhere than on Debian as root they
# are skipped where there is none, and say so.
postgres:
	@ls /usr/share/postgresql/*/extension/vector.control >/dev/null 2>&1 \
	|| { command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] \
	     && apt-get update -qq \
	     && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	        postgresql-17 postgresql-17-pgvector >/dev/null; } \
	|| echo 'There is no PostgreSQL with pgvector: the tests of it are skipped.' >&2

clean:  ## Remove .venv and the sample libraries; weights stay in the cache.
	rm -rf $(VENV) .footnoted
