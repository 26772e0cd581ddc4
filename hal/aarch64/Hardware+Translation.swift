internal import CAArch64
internal import Machine

extension Hardware {
  package func descriptor(table frame: UInt64, index: UInt64) -> UInt64 {
    memory(DirectMap.address(frame) &+ index &* 8, as: UInt64.self).pointee
  }
  package func setDescriptor(table frame: UInt64, index: UInt64, to value: UInt64) {
    memory(DirectMap.address(frame) &+ index &* 8, as: UInt64.self).pointee = value
  }
  package func setDescriptors(table frame: UInt64, index: UInt64, count: UInt64, to value: UInt64, step: UInt64) {
    fill(DirectMap.address(frame) &+ index &* 8, count: count, with: value, step: step)
  }
  /// DSB ISHST, ISB: walks that follow find the entries written. Arm ARM D8.14.
  package func publishTables() {
    cpu_dsb_stores()
    cpu_isb()
  }
  /// `publishTables` has ordered the stores before it.
  package func invalidate(page: UInt64, identifier: UInt64) {
    tlb_forget_page(identifier &<< 48 | page)
  }
  package func invalidate(identifier: UInt64) {
    tlb_forget_identifier(identifier &<< 48)
  }
  package func completeInvalidation() {
    cpu_dsb()
    cpu_isb()
  }
  /// No ISB: the kernel touches nothing through TTBR0, and the exception return synchronises. D8.2.2.
  package func activate(translation: UInt64) { cpu_write_task_translation(translation) }
  /// AT S1E1R and S1E0R; the ISBs order them after the change of TTBR0 and before the read. Arm ARM D8.12, C6.2.14.
  package func probe(_ address: UInt64, asTask: Bool, translation: UInt64, returningTo previous: UInt64) -> UInt64 {
    cpu_write_task_translation(translation)
    cpu_isb()
    if asTask { cpu_translate_as_task(address) } else { cpu_translate(address) }
    cpu_isb()
    let answer = cpu_translation_result()
    cpu_write_task_translation(previous)
    cpu_isb()
    return answer
  }

  package func kernelRootEntry(_ index: UInt64) -> UInt64 {
    memory(kernelRoot &+ index &* 8, as: UInt64.self).pointee
  }
  package func setKernelRootEntry(_ index: UInt64, to value: UInt64) {
    memory(kernelRoot &+ index &* 8, as: UInt64.self).pointee = value
  }
  package func invalidateKernel(address: UInt64) {
    cpu_dsb_stores()
    tlb_forget_kernel_page(address &>> 12 & 0xfff_ffff_ffff)
  }

  /// Lets TTBR0 be walked: clears TCR_EL1.EPD0, which boot set when the identity map went. Once, at the
  /// first task, after `activate`.
  package func openTaskHalf() {
    cpu_write_translation_control(cpu_read_translation_control() & ~(1 << 7))
    cpu_isb()
  }

  /// Address-space identifiers that the processor tells apart: 256 or 65536. ID_AA64MMFR0_EL1.ASIDBits.
  package var identifiers: UInt64 { cpu_memory_features() >> 4 & 15 == 2 ? 1 << 16 : 1 << 8 }
}
