# The front door of Apus. SwiftPM knows the targets; this file knows the order: services, bundle, kernel, image.

MEMORY ?= 128M
CPU    ?= cortex-a72
GIC    ?= 2
CPUS   ?= 1
EL2    ?=
QEMU_FLAGS ?=
export GDB_FLAGS  ?=

SERVICES := memory init interrupts console clock shell faulter
# Systems of the tests, tests/system/NAME/system.json, and the services that only they have; booted with -initrd.
BENCHES       := bench bench-large bench-root
SYSTEMS       := $(BENCHES) hostile seed restart threads orphans lazy killer devices storm
TEST_SERVICES := bench trial

comma  := ,
swift  := swift build --scratch-path .build
image  := APUS_BUILD=image swift build -c release --triple aarch64-none-none-elf \
          --toolset tools/toolset.json --scratch-path .build-image
images := .build-image/aarch64-none-none-elf/release
pack   := .build/debug/apus-pack
cross  := aarch64-linux-gnu-
symbols := $(SERVICES:%=build/debug/%.elf) build/debug/kernel.elf
qemu    = qemu-system-aarch64 -M virt,gic-version=$(GIC)$(if $(EL2),$(comma)virtualization=on) -cpu $(CPU) \
          -smp $(CPUS) -m $(MEMORY) -nographic -kernel build/apus.img$(if $(QEMU_FLAGS), $(QEMU_FLAGS))

files = $(shell find Package.swift $(1) -type f)

.DELETE_ON_ERROR:
.PHONY: help run test check bench debug image clean setup

help: ## this page
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  MEMORY=$(MEMORY) CPU=$(CPU) GIC=$(GIC) CPUS=$(CPUS) EL2=$(EL2) QEMU_FLAGS=$(QEMU_FLAGS)"
	@echo "  GIC is 2 or 3; EL2=1 enters the kernel at EL2; Ctrl-A X leaves QEMU"

run: build/apus.img ## boot to the shell in QEMU
	$(qemu)

test: build/apus.img $(symbols) $(SYSTEMS:%=build/system/%.bin) ## run every test, on the host and in QEMU; ends with "N passed, N failed"
	@tools/test

check: build/apus.img build/system/bench.bin build/system/bench-root.bin ## lint the sources and hold the images to their rules
	@tools/check/all

bench: extras := bench
bench: build/apus.img $(BENCHES:%=build/system/%.bin) build/trace.so ## count instructions in QEMU; OP=call: where one row's go
	$(swift) --product apus-bench </dev/null
	.build/debug/apus-bench --gic $(GIC)$(if $(OP), --trace $(OP),$(if $(filter 2,$(GIC)), --page docs/benchmarks.md))$(if $(LIST), --listing)

build/trace.so: $(wildcard tools/bench/trace/*) | setup build
	cc -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o $@ tools/bench/trace/trace.c

# The tests stop a guest under the debugger, too.
test debug: extras := debug
debug: build/apus.img $(symbols) ## stop QEMU at its first instruction, under gdb
	@tools/debug build/debug $(qemu)

image: build/apus.img ## build the bootable image, build/apus.img

clean: ## remove everything built
	rm -rf build .build .build-image

setup:
	@tools/setup $(extras)

build build/debug build/system:
	@mkdir -p $@

$(pack): $(call files,kernel/abi tools/image tools/pack) | setup
	$(swift) --product apus-pack </dev/null
	@touch $@

# SwiftPM tracks neither linker scripts nor the bundle, so what they go into is linked anew.
$(SERVICES:%=build/%.elf) &: $(call files,kernel/abi hal services tools/service.ld tools/toolset.json) | setup build
	rm -f $(SERVICES:%=$(images)/%)
	for service in $(SERVICES); do $(image) --product $$service </dev/null || exit; done
	for service in $(SERVICES); do cp $(images)/$$service build/$$service.elf; done

$(TEST_SERVICES:%=build/%.elf) &: $(call files,kernel/abi hal services tests/system tools/service.ld tools/toolset.json) \
  | setup build
	rm -f $(TEST_SERVICES:%=$(images)/%)
	for service in $(TEST_SERVICES); do $(image) --product $$service </dev/null || exit; done
	for service in $(TEST_SERVICES); do cp $(images)/$$service build/$$service.elf; done

build/system/%.bin: tests/system/%/system.json $(pack) $(SERVICES:%=build/%.elf) $(TEST_SERVICES:%=build/%.elf) \
  | build/system
	$(pack) bundle --system $< --elves build --output $@

build/bundle.bin: $(pack) $(SERVICES:%=build/%.elf) services/system.json
	$(pack) bundle --system services/system.json --elves build --output $@

build/bundle.o: build/bundle.bin tools/bundle.S
	$(cross)gcc -c tools/bundle.S -o $@

build/kernel.elf: build/bundle.o $(call files,kernel hal tools/kernel.ld tools/toolset.json)
	rm -f $(images)/kernel
	$(image) --product kernel </dev/null
	cp $(images)/kernel $@

build/apus.img: build/kernel.elf $(pack)
	$(pack) image --kernel build/kernel.elf --output $@

# gdb 13 overlooks Swift's line tables while these two indexes are there.
build/debug/%.elf: build/%.elf | build/debug
	$(cross)objcopy --remove-section=.debug_names --remove-section=.debug_aranges $< $@
