// Offsets that the exception entry shares with the kernel's core: kernel/core/Thread.swift.
#pragma once

#define THREAD_X 0
#define THREAD_STACK (31 * 8)
#define THREAD_INSTRUCTION (32 * 8)
#define THREAD_STATUS (33 * 8)
#define THREAD_POINTER (34 * 8)
