# oobescope: what a Windows deployment's packet capture says.
# SPDX-License-Identifier: MIT
#
#   make            build/oobescope
#   make demo       installs what is missing, builds, analyzes a bundled failed deployment
#   make check      all tests, under AddressSanitizer and UBSan
#   make check-live a sensor in network namespaces beside tcpdump (root)
#   make lint       layer check, headers, warnings as errors, clang-format, clang-tidy, cppcheck
#   make fuzz       every fuzz target for FUZZ_SECONDS each (default 60)
#
# V=1 shows commands.

CC ?= cc
BUILD ?= build
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
CLANG ?= clang
FUZZ_SECONDS ?= 60

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

# ---- flags -------------------------------------------------------------------------------------

PKG_CONFIG ?= pkg-config
# Zstandard and LZ4 captures are read where these libraries are there.
OPTIONAL := libzstd liblz4
OPTIONAL_FOUND := $(shell for p in $(OPTIONAL); do $(PKG_CONFIG) --exists $$p 2>/dev/null && echo $$p; done)
PACKAGES := libpcap libndpi jansson libcrypto libseccomp libmicrohttpd zlib $(OPTIONAL_FOUND)
HAVE := $(patsubst libzstd,-DHAVE_LIBZSTD,$(patsubst liblz4,-DHAVE_LIBLZ4,$(OPTIONAL_FOUND)))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wvla \
  -Walloca -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual \
  -Wpointer-arith -Wwrite-strings -Wundef -Wswitch-enum -Wdouble-promotion -Wdate-time \
  -Wimplicit-fallthrough
WARNINGS_GCC := -Wcast-align=strict -Wduplicated-cond -Wduplicated-branches -Wlogical-op \
  -Wjump-misses-init -Wnull-dereference
ifneq ($(findstring clang,$(CC)),clang)
WARNINGS += $(WARNINGS_GCC)
endif

# nDPI's headers are not clean under -Wpedantic: every library's headers are system headers here.
PKG_CFLAGS := $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

OPT ?= -O3 -g
# The program is optimized as a whole; tests link the same objects as they are.
ifneq ($(findstring clang,$(CC)),clang)
LTO := -flto=auto -ffat-lto-objects
endif
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now
ifdef SANITIZE
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LTO :=
HARDEN :=
HARDEN_LD :=
endif
WERROR ?=

CPPFLAGS += -D_DEFAULT_SOURCE -Itests/unit -Itests/fuzz -Iinclude $(HAVE) $(PKG_CFLAGS)
CFLAGS += -std=c11 $(OPT) $(WARNINGS) $(WERROR) $(HARDEN) $(LTO)
LDLIBS += $(PKG_LIBS)

# ---- sources -----------------------------------------------------------------------------------

SOURCES := $(sort $(wildcard src/*/*.c))
LIB_SOURCES := $(filter-out src/cli/main.c,$(SOURCES))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/liboobescope.a
PROGRAM := $(BUILD)/oobescope

UNIT_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES := $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=%)
REPLAYS := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/replay_%)

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/cli/main.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(LIB_OBJECTS)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# gcc follows pointers behind a failed assert_non_null, which never returns but does not say so.
$(BUILD)/tests/unit/%.o: WARNINGS += -Wno-null-dereference

# Comparisons of bytes guide the fuzzer; these layers see none, and tracing theirs takes half of the time.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
$(BUILD)/src/base/%.o $(BUILD)/src/diagnose/%.o $(BUILD)/src/report/%.o $(BUILD)/src/services/%.o: \
  OPT += -fno-sanitize-coverage=trace-cmp
endif

# The embedded list is part of the object that holds it.
$(BUILD)/src/services/embedded.o: src/services/required.json

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) -fno-lto $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) -fno-lto $(HARDEN_LD) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- tests -------------------------------------------------------------------------------------

SAN_BUILD := $(BUILD)/asan
FUZZ_BUILD := $(BUILD)/fuzz
SAN_MAKE = $(MAKE) --no-print-directory BUILD=$(SAN_BUILD) SANITIZE=address,undefined WERROR=-Werror

.PHONY: check check-all unit replay
check: deps-check
	$(Q)$(SAN_MAKE) check-all

# One unit test group: make unit LAYER=proto
unit:
	$(Q)$(SAN_MAKE) unit-build
	$(Q)tests/run.sh unit $(SAN_BUILD) $(LAYER)

.PHONY: unit-build
unit-build: $(filter $(BUILD)/tests/unit/$(LAYER)%,$(UNIT_TESTS))

check-all: all $(UNIT_TESTS) $(REPLAYS)
	$(Q)PYTHON=$(PYTHON) tests/run.sh all $(BUILD)

.PHONY: update-golden
update-golden: all
	$(Q)tests/golden/run.sh --update $(BUILD)

# make fuzz [FUZZ=dns] [FUZZ_SECONDS=60]
FUZZ ?= $(FUZZ_NAMES)
.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) --no-print-directory CC=$(CLANG) BUILD=$(FUZZ_BUILD) \
	  SANITIZE=fuzzer-no-link,address,undefined $(FUZZ:%=$(FUZZ_BUILD)/tests/fuzz/fuzz_%)
	$(Q)tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS) $(FUZZ)

# Transactions of public captures against their truth: make check-corpus CORPUS=DIR. Of the few TLS sessions
# within other protocols (tls-via) one may be missing.
CORPUS_LIMITS := dns=0.99,tls=0.99,http=0.99,ntp=0.99,tls-via=0.83
CORPUS_ARGS ?= --min-recall $(CORPUS_LIMITS) --min-precision $(CORPUS_LIMITS)
.PHONY: check-corpus
check-corpus: all
	$(Q)$(PYTHON) $(CORPUS)/compare.py --analyzer '$(PROGRAM) --format eve {}' --corpus $(CORPUS) \
	  --ok-status 0,1,2,3 $(CORPUS_ARGS)

# A sensor beside tcpdump, in network namespaces: needs root, else it is skipped and says so.
.PHONY: check-live
check-live: all
	$(Q)PYTHON=$(PYTHON) tests/live/run.sh $(PROGRAM)

# ---- lint --------------------------------------------------------------------------------------

.PHONY: lint format format-check analyze
lint: deps-lint
	$(Q)BUILD=$(BUILD)/lint FLAGS="$(CPPFLAGS)" tests/lint/run.sh

FORMAT_FILES = $(wildcard include/*/*.h src/*/*.c src/*/*.h tests/unit/*.h tests/unit/*/*.[ch] tests/fuzz/*.[ch])
format:
	$(Q)clang-format -i $(FORMAT_FILES)

format-check:
	$(Q)clang-format --dry-run --Werror $(FORMAT_FILES)

# gcc's static analyzer; read its reports, nothing is gated on them.
analyze:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/analyze OPT="-O2 -fanalyzer" LTO= all

.PHONY: coverage
coverage: deps-check
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage OPT="-O0 -g --coverage" LTO= HARDEN= \
	  LDFLAGS=--coverage check-all
	$(Q)cd $(BUILD)/coverage && find src -name '*.gcda' | xargs gcov -n | \
	  grep -A1 "^File 'src/" | paste - - - | sort

# ---- packages, demo, install -------------------------------------------------------------------

.PHONY: deps deps-check deps-lint
deps:
	$(Q)tests/deps.sh build
deps-check:
	$(Q)tests/deps.sh build check
deps-lint:
	$(Q)tests/deps.sh build check lint

.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(PROGRAM) captures/demo.pcap || test $$? -eq 1

# Records the sample captures anew, in network namespaces (root).
.PHONY: captures
captures:
	$(Q)captures/lab/make.sh

.PHONY: install clean
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/oobescope
	install -d $(DESTDIR)$(PREFIX)/share/doc/oobescope/sensor
	install -m 644 docs/*.md docs/report.schema.json $(DESTDIR)$(PREFIX)/share/doc/oobescope
	install -m 644 docs/sensor/* $(DESTDIR)$(PREFIX)/share/doc/oobescope/sensor

clean:
	rm -rf $(BUILD)
