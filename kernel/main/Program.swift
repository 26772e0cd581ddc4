/// The kernel starts in kernel/entry; this satisfies SwiftPM, and the linker drops it.
@main enum Program { static func main() {} }
