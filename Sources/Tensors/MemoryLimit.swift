import Foundation

/// How much memory there is for this process.
enum MemoryLimit {
  /// Bytes: the machine's memory, or less where the control group or the process's own limit says so.
  static let bytes = [machine, process, ControlGroup().memory].compactMap { $0 }.min() ?? .max

  private static var machine: Int? {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? pages * size : nil
  }

  private static var process: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }
}
